"""What the last cell of a worked attempt prints: the answer as its final message repeats it."""

import json

from envs.interpreter.files import file_bytes
from synth.interpreter.engines import by_pandas
from synth.interpreter.plan import Plan
from synth.interpreter.shapes import Form
from synth.interpreter.telling.cells import ONE

DIGITS = ".8g"
"""Of a number; the verdict asks for five."""


def printed(plan: Plan) -> str:
    """The text, as JSON; raises `Undefined` where the plan has no answer."""
    data = {name: file_bytes(recipe) for name, recipe in plan.recipes}
    value = by_pandas(plan.readings, plan.pipeline, data)
    if plan.asked.form is Form.FIGURE:
        assert isinstance(value, list)
        value = max(row[-1] for row in value if isinstance(row, list))  # type: ignore[type-var]
        return f"{value:{DIGITS}}"
    if plan.asked.form is Form.NUMBER:
        return f"{value:{DIGITS}}"
    if plan.asked.form is Form.DATE:
        return f'"{value}"'
    return str(value) if plan.asked.form in ONE else json.dumps(value)
