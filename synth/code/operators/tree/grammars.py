"""Languages that operators know through tree-sitter: their grammars, and what is what in them.

A role is a query whose captures mean the same in every language, so that one operator serves all of
them: `@node` is what is changed or removed, the other names are its parts. A language without a role
has none of the operators that ask for it.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from typing import NamedTuple

from tree_sitter import Language, Query


class Grammar(NamedTuple):
    package: str
    """The wheel that has the grammar, and the function in it that gives it."""
    function: str
    roles: Mapping[str, str]
    """Queries by role."""
    blocks: frozenset[str]
    """Types of nodes whose children are statements, one after the other."""
    nothing: str
    """What a careless return gives; '' where there is no such value."""


_BINARY = "(binary_expression left: (_) @left operator: _ @operator right: (_) @right) @node"
_UPDATE = '(update_expression ["++" "--"] @operator) @node'
_JUMP = "[(break_statement) (continue_statement)] @node"
_RETURN = "(return_statement (_) @value) @node"
_TERNARY = """(ternary_expression condition: (_) @condition
    consequence: (_) @then alternative: (_) @else) @node"""
_NOT = '(unary_expression operator: "!" argument: (_) @argument) @node'
_TRUTH = "[(true) (false)] @node"

_ECMASCRIPT = {
    "function": """[
        (function_declaration name: (_) @name) (generator_function_declaration name: (_) @name)
        (method_definition name: (_) @name)
        (variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression)])
        (pair key: (_) @name value: [(arrow_function) (function_expression)])
        (assignment_expression left: (member_expression property: (_) @name)
            right: [(arrow_function) (function_expression)])
        ] @node""",
    "class": "(class_declaration name: (_) @name) @node",
    "binary": _BINARY,
    "if": """(if_statement condition: (parenthesized_expression (_) @condition)
        consequence: (_) @then alternative: (_)? @clause) @node""",
    "ternary": _TERNARY,
    "loop": """[(for_statement body: (_) @body) (for_in_statement body: (_) @body)
        (while_statement body: (_) @body)] @node""",
    "bound": """(for_statement condition: (binary_expression left: (_) @left
        operator: ["<" "<="] @operator right: (_) @right) @node)""",
    "call": """(call_expression function: [(identifier) @name (member_expression
        property: (_) @name)] arguments: (arguments) @arguments) @node""",
    "method": """(call_expression function: (member_expression object: (_) @receiver
        property: (_) @name) arguments: (arguments) @arguments) @node""",
    "statement": """(expression_statement [(assignment_expression) (augmented_assignment_expression)
        (call_expression) (update_expression) (await_expression)]) @node""",
    "augmented": """(augmented_assignment_expression left: (_) @left operator: _ @operator
        right: (_) @right) @node""",
    "update": _UPDATE,
    "jump": _JUMP,
    "return": _RETURN,
    "raise": "(throw_statement) @node",
    "error": "(throw_statement (new_expression constructor: (identifier) @name)) @node",
    "try": """(try_statement body: (_) @body handler: (_)? @handler finalizer: (_)? @finally)
        @node""",
    "case": "(switch_case (break_statement) @node)",
    "integer": "(number) @node",
    "boolean": _TRUTH,
    "not": _NOT,
    "string": "(string (string_fragment) @content) @node",
    "index": "(subscript_expression index: (_) @index) @node",
    "await": "(await_expression (_) @argument) @node",
    "copy": """[(array . (spread_element (_) @argument) .) (object . (spread_element (_) @argument) .)]
        @node""",
    "pattern": "(regex pattern: (_) @content flags: (_)? @flags) @node",
}

_C = {
    "function": """(function_definition declarator: [
        (function_declarator declarator: (identifier) @name)
        (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))
        ]) @node""",
    "binary": _BINARY,
    "if": """(if_statement condition: (parenthesized_expression (_) @condition)
        consequence: (_) @then alternative: (_)? @clause) @node""",
    "ternary": """(conditional_expression condition: (_) @condition
        consequence: (_) @then alternative: (_) @else) @node""",
    "loop": "[(for_statement body: (_) @body) (while_statement body: (_) @body)] @node",
    "bound": """(for_statement condition: (binary_expression left: (_) @left
        operator: ["<" "<="] @operator right: (_) @right) @node)""",
    "call": """(call_expression function: [(identifier) @name (field_expression
        field: (_) @name)] arguments: (argument_list) @arguments) @node""",
    "statement": """(expression_statement [(assignment_expression) (call_expression)
        (update_expression)]) @node""",
    "augmented": "(assignment_expression left: (_) @left operator: _ @operator right: (_) @right) @node",
    "update": _UPDATE,
    "jump": _JUMP,
    "return": _RETURN,
    "case": "(case_statement (break_statement) @node)",
    "integer": "(number_literal) @node",
    "boolean": _TRUTH,
    "not": _NOT,
    "string": "(string_literal (string_content) @content) @node",
    "index": "(subscript_expression index: (_) @index) @node",
    "unsigned": """(declaration type: [(primitive_type) @type (sized_type_specifier) @type]
        declarator: (init_declarator declarator: (identifier))) @node""",
    "size": """[
        (binary_expression left: (_) @rest operator: "+" right: (number_literal) @part)
        (sizeof_expression value: (parenthesized_expression
            (pointer_expression argument: (identifier) @rest) @part))
        ] @node""",
    "release": "(expression_statement (call_expression function: (identifier) @name)) @node",
}

GRAMMARS: Mapping[str, Grammar] = {
    "javascript": Grammar(
        "tree_sitter_javascript",
        "language",
        _ECMASCRIPT,
        frozenset({"statement_block", "program", "switch_case", "switch_default"}),
        "undefined",
    ),
    "typescript": Grammar(
        "tree_sitter_typescript",
        "language_typescript",
        _ECMASCRIPT,
        frozenset({"statement_block", "program", "switch_case", "switch_default"}),
        "undefined",
    ),
    "tsx": Grammar(
        "tree_sitter_typescript",
        "language_tsx",
        _ECMASCRIPT,
        frozenset({"statement_block", "program", "switch_case", "switch_default"}),
        "undefined",
    ),
    "go": Grammar(
        "tree_sitter_go",
        "language",
        {
            "function": """[(function_declaration name: (_) @name)
                (method_declaration name: (_) @name)] @node""",
            "binary": _BINARY,
            "if": """(if_statement initializer: (_)? @initializer condition: (_) @condition
                consequence: (_) @then alternative: (_)? @clause) @node""",
            "loop": "(for_statement body: (_) @body) @node",
            "bound": """(for_statement (for_clause condition: (binary_expression left: (_) @left
                operator: ["<" "<="] @operator right: (_) @right) @node))""",
            "call": """(call_expression function: [(identifier) @name (selector_expression
                field: (_) @name)] arguments: (argument_list) @arguments) @node""",
            "statement": """[(expression_statement (call_expression)) (assignment_statement)
                (inc_statement) (dec_statement)] @node""",
            "augmented": """(assignment_statement left: (_) @left operator: _ @operator
                right: (_) @right) @node""",
            "update": '[(inc_statement "++" @operator) (dec_statement "--" @operator)] @node',
            "jump": _JUMP,
            "return": _RETURN,
            "integer": "(int_literal) @node",
            "boolean": _TRUTH,
            "not": '(unary_expression operator: "!" operand: (_) @argument) @node',
            "string": "(interpreted_string_literal (_) @content) @node",
            "index": "(index_expression index: (_) @index) @node",
            "slice": "(slice_expression start: (_)? @start end: (_)? @end) @node",
            "results": "(return_statement (expression_list (_) (identifier) @error .)) @node",
            "unchecked": """((short_var_declaration left: (expression_list (_) (identifier) @error .))
                . (if_statement !initializer condition: (binary_expression left: (identifier) @checked
                operator: "!=" right: (nil)) !alternative) @node)""",
            "defer": "(defer_statement (_) @call) @node",
            "receiver": """(method_declaration receiver: (parameter_list (parameter_declaration
                type: (pointer_type (_) @type) @pointer) @node))""",
        },
        frozenset({"statement_list"}),
        "nil",
    ),
    "java": Grammar(
        "tree_sitter_java",
        "language",
        {
            "function": """[(method_declaration name: (_) @name)
                (constructor_declaration name: (_) @name)] @node""",
            "class": """[(class_declaration name: (_) @name) (enum_declaration name: (_) @name)
                (record_declaration name: (_) @name)] @node""",
            "binary": _BINARY,
            "if": """(if_statement condition: (parenthesized_expression (_) @condition)
                consequence: (_) @then alternative: (_)? @clause) @node""",
            "ternary": _TERNARY,
            "loop": """[(for_statement body: (_) @body) (enhanced_for_statement body: (_) @body)
                (while_statement body: (_) @body)] @node""",
            "bound": """(for_statement condition: (binary_expression left: (_) @left
                operator: ["<" "<="] @operator right: (_) @right) @node)""",
            "call": "(method_invocation name: (_) @name arguments: (_) @arguments) @node",
            "method": """(method_invocation object: (_) @receiver name: (_) @name
                arguments: (_) @arguments) @node""",
            "statement": """(expression_statement [(assignment_expression) (method_invocation)
                (update_expression)]) @node""",
            "augmented": """(assignment_expression left: (_) @left operator: _ @operator
                right: (_) @right) @node""",
            "update": _UPDATE,
            "jump": _JUMP,
            "return": _RETURN,
            "raise": "(throw_statement) @node",
            "error": "(throw_statement (object_creation_expression type: (_) @name)) @node",
            "try": """(try_statement body: (_) @body (catch_clause)* @handler
                (finally_clause)? @finally) @node""",
            "case": "(switch_block_statement_group (break_statement) @node)",
            "integer": "(decimal_integer_literal) @node",
            "boolean": _TRUTH,
            "not": '(unary_expression operator: "!" operand: (_) @argument) @node',
            "string": "(string_literal (string_fragment) @content) @node",
            "index": "(array_access index: (_) @index) @node",
            "copy": """(object_creation_expression type: (generic_type)
                arguments: (argument_list . (identifier) @argument .)) @node""",
            "cast": """(cast_expression type: [(integral_type) (floating_point_type)]
                value: (_) @argument) @node""",
        },
        frozenset({"block", "constructor_body", "switch_block_statement_group"}),
        "null",
    ),
    "c": Grammar(
        "tree_sitter_c",
        "language",
        _C,
        frozenset({"compound_statement", "case_statement"}),
        "0",
    ),
    "cpp": Grammar(
        "tree_sitter_cpp",
        "language",
        {
            **_C,
            "function": """(function_definition declarator: [
                (function_declarator declarator: (_) @name)
                (_ (function_declarator declarator: (_) @name))]) @node""",
            "class": """[(class_specifier name: (_) @name) (struct_specifier name: (_) @name)
                (namespace_definition name: (_) @name)] @node""",
            "if": """(if_statement condition: (condition_clause value: (_) @condition)
                consequence: (_) @then alternative: (_)? @clause) @node""",
            "loop": """[(for_statement body: (_) @body) (for_range_loop body: (_) @body)
                (while_statement body: (_) @body)] @node""",
            "call": """(call_expression function: [(identifier) @name
                (field_expression field: (_) @name) (qualified_identifier name: (_) @name)]
                arguments: (argument_list) @arguments) @node""",
            "raise": "(throw_statement) @node",
            "error": """(throw_statement (call_expression function: [(identifier) @name
                (qualified_identifier name: (identifier) @name)])) @node""",
            "try": "(try_statement body: (_) @body (catch_clause)* @handler) @node",
            "index": "(subscript_expression indices: (_ . (_) @index .)) @node",
            "reference": """[(parameter_declaration declarator: (reference_declarator "&" @mark))
                (for_range_loop declarator: (reference_declarator "&" @mark))] @node""",
            "release": """[(expression_statement (delete_expression)) (expression_statement
                (call_expression function: (identifier) @name))] @node""",
            "iterator": """(expression_statement (assignment_expression left: (identifier)
                operator: "=" right: (call_expression function: (field_expression
                field: (_) @name)) @call)) @node""",
        },
        frozenset({"compound_statement", "case_statement"}),
        "{}",
    ),
    "php": Grammar(
        "tree_sitter_php",
        "language_php",
        {
            "function": """[(method_declaration name: (_) @name)
                (function_definition name: (_) @name)] @node""",
            "class": """[(class_declaration name: (_) @name) (trait_declaration name: (_) @name)
                (enum_declaration name: (_) @name)] @node""",
            "binary": _BINARY,
            "if": """(if_statement condition: (parenthesized_expression (_) @condition)
                body: (compound_statement) @then alternative: (_)* @clause) @node""",
            "ternary": """(conditional_expression condition: (_) @condition
                body: (_) @then alternative: (_) @else) @node""",
            "loop": """[(for_statement body: (compound_statement) @body)
                (foreach_statement body: (compound_statement) @body)
                (while_statement body: (compound_statement) @body)] @node""",
            "bound": """(for_statement condition: (binary_expression left: (_) @left
                operator: ["<" "<="] @operator right: (_) @right) @node)""",
            "call": """[(function_call_expression function: (_) @name arguments: (_) @arguments)
                (member_call_expression name: (_) @name arguments: (_) @arguments)
                (scoped_call_expression name: (_) @name arguments: (_) @arguments)] @node""",
            "statement": """(expression_statement [(assignment_expression)
                (augmented_assignment_expression) (update_expression) (function_call_expression)
                (member_call_expression) (scoped_call_expression)]) @node""",
            "augmented": """(augmented_assignment_expression left: (_) @left operator: _ @operator
                right: (_) @right) @node""",
            "update": _UPDATE,
            "jump": _JUMP,
            "return": _RETURN,
            "raise": "(expression_statement (throw_expression)) @node",
            "error": "(throw_expression (object_creation_expression . (_) @name)) @node",
            "try": """(try_statement body: (_) @body (catch_clause)* @handler
                (finally_clause)? @finally) @node""",
            "case": "(case_statement (break_statement) @node)",
            "integer": "(integer) @node",
            "boolean": "(boolean) @node",
            "not": '(unary_op_expression operator: "!" argument: (_) @argument) @node',
            "string": """[(string (string_content) @content)
                (encapsed_string . (string_content) @content .)] @node""",
            "index": "(subscript_expression (_) (_) @index) @node",
            "copy": "(clone_expression (_) @argument) @node",
            "cast": "(cast_expression value: (_) @argument) @node",
            "reference": """[(by_ref "&" @mark) (simple_parameter reference_modifier: (_) @mark)]
                @node""",
        },
        frozenset({"compound_statement", "case_statement", "default_statement"}),
        "null",
    ),
}

_SUFFIXES = {
    ".js": "javascript",
    ".cjs": "javascript",
    ".mjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
    ".go": "go",
    ".java": "java",
    ".c": "c",
    ".h": "c",
    ".cc": "cpp",
    ".cpp": "cpp",
    ".cxx": "cpp",
    ".hh": "cpp",
    ".hpp": "cpp",
    ".hxx": "cpp",
    ".ipp": "cpp",
    ".php": "php",
}


def language_of(path: str) -> str | None:
    """Key of `GRAMMARS` for a file's name; None for what operators do not know."""
    return _SUFFIXES.get(PurePosixPath(path).suffix.lower())


@cache
def language(name: str) -> Language:
    grammar = GRAMMARS[name]
    return Language(getattr(import_module(grammar.package), grammar.function)())


@cache
def query(name: str, role: str) -> Query | None:
    """The compiled query of a role; None where the language has no such thing."""
    text = GRAMMARS[name].roles.get(role)
    return Query(language(name), text) if text else None
