"""Commands about the machine itself: doctor."""

import click

from data.errors import UserError
from synth.console.frame import emit, shared, show


@click.command()
@shared
def doctor(db: str, as_json: bool) -> None:
    """What works on this machine, and what to do about the rest."""
    from synth.console.tables import findings_table
    from synth.doctor import diagnose

    findings = list(diagnose(db))
    for finding in findings if as_json else ():
        emit(finding._asdict())
    if not as_json:
        show(findings_table(findings))
    broken = [finding.name for finding in findings if finding.required and not finding.works]
    if broken:
        raise UserError(f"{', '.join(broken)}: required and not working here; see above")
