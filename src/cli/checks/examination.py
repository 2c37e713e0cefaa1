"""Everything that `bossbotctl doctor` looks at."""

import asyncio

from cli.checks.backups import check_backups
from cli.checks.finding import Finding, bad
from cli.checks.private_files import check_private_files
from cli.checks.programs import check_programs
from cli.checks.sandbox import check_sandbox
from cli.checks.scanner import check_scanner
from cli.checks.sites import check_rules
from cli.checks.storage import check_database, check_directories
from cli.checks.token import check_token
from cli.checks.warnings import check_library_age, check_warnings
from core.errors import ConfigurationError
from core.settings import read_settings


async def examine(*, online: bool) -> list[Finding]:
    """All findings, in the order of the report."""
    findings = await asyncio.to_thread(lambda: [*check_programs(), *check_sandbox()])
    try:
        settings = read_settings()
    except ConfigurationError as error:
        return [*findings, bad("settings", str(error), "Correct the environment or the file .env.")]
    findings += await check_database(settings)
    findings.append(check_backups(settings))
    findings.append(check_library_age(settings))
    findings += await check_warnings(settings)
    findings += check_directories(settings)
    findings += check_rules(settings)
    findings.append(check_private_files(settings))
    findings += await check_scanner(settings)
    findings.append(await check_token(settings, online=online))
    return findings
