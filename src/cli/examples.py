"""The examples at the end of a command's help."""

from rich.markup import escape


def examples(*commands: tuple[str, str]) -> str:
    """An epilog of command lines, each with what it does, as Typer's Rich help wants it."""
    lines = [f"[dim]# {meaning}[/]\n[cyan]bossbotctl {escape(command)}[/]" for command, meaning in commands]
    return "\b\nExamples:\n" + "\n".join(lines)  # \b keeps the lines as they are
