"""``completion``: teach the shell."""

from __future__ import annotations

import click

from microcosm_sqlite.cli.options import examples

_SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    short_help="Teach the shell to complete.",
    epilog=examples(
        "microcosm-sqlite completion bash >> ~/.bashrc",
        "microcosm-sqlite completion zsh >> ~/.zshrc",
        "microcosm-sqlite completion fish > ~/.config/fish/completions/microcosm-sqlite.fish",
    ),
)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def print_completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete commands, options, datasets and tables."""
    from click.shell_completion import get_completion_class

    root = context.find_root()
    kind = get_completion_class(shell)
    assert kind is not None, "click knows the shells offered above"  # noqa: S101
    click.echo(kind(root.command, {}, "microcosm-sqlite", "_MICROCOSM_SQLITE_COMPLETE").source())
