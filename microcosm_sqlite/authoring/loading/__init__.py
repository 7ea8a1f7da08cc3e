"""From sources into tables, and what to say of rows that do not fit."""
