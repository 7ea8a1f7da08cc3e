"""What files of unknown origin hold, judged by every row of them."""
