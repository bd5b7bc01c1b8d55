"""The fixed texts of the encoding: special tokens, the tags of a call, the explanation of tools."""

BOS = "<｜begin▁of▁sentence｜>"
EOS = "<｜end▁of▁sentence｜>"
USER = "<｜User｜>"
ASSISTANT = "<｜Assistant｜>"
THINK = "<think>"
END_THINK = "</think>"
DSML = "｜DSML｜"
"""Stands in every tag of a tool call; no reply may hold it anywhere else."""

CALLS = f"<{DSML}function_calls>\n"
END_CALLS = f"</{DSML}function_calls>"
INVOKE = f'<{DSML}invoke name="'
END_INVOKE = f"</{DSML}invoke>\n"
PARAMETER = f'<{DSML}parameter name="'
END_PARAMETER = f"</{DSML}parameter>"
STRING = '" string="'
"""Between a parameter's name and `true` or `false`."""

RESULTS = "\n\n<function_results>"
END_RESULTS = "\n</function_results>\n\n"

TOOLS = f"""\
## Tools

You have access to a set of tools you can use to answer the user's question.
You can invoke functions by writing a "<{DSML}function_calls>" block like the following as part \
of your reply to the user:
<{DSML}function_calls>
<{DSML}invoke name="$FUNCTION_NAME">
<{DSML}parameter name="$PARAMETER_NAME" string="true|false">$PARAMETER_VALUE</{DSML}parameter>
...
</{DSML}invoke>
<{DSML}invoke name="$FUNCTION_NAME2">
...
</{DSML}invoke>
</{DSML}function_calls>

String and scalar parameters should be specified as is without any escaping or quotes, while \
lists and objects should use JSON format. The "string" attribute should be set to "true" for \
string type parameters and "false" for other types (numbers, booleans, arrays, objects).

If the thinking_mode is enabled, then after function results you should strongly consider \
outputting a thinking block. Here is an example:

<{DSML}function_calls>
...
</{DSML}function_calls>

<function_results>
...
</function_results>

{THINK}...thinking about results{END_THINK}

Here are the functions available in JSONSchema format:
<functions>
%s
</functions>
"""
"""What a model is told of its tools; `%s` stands for their JSON, one a line."""

RESPONSE_FORMAT = """\
## Response Format:

You MUST strictly adhere to the following schema to reply:
%s"""
