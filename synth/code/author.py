"""The program author of code tasks: from a request and an index to a task, or a reason.

Deterministic in (version, request, index, sources), as far as tests are: those that end differently
from run to run are not judged. A bug is drawn first; it is labelled, hidden, told and measured, and
what fails on the way is counted by its reason.
"""

import logging
from collections import OrderedDict
from random import Random
from typing import NamedTuple

from pydantic import Field, ValidationError

from data.errors import SourceError, UserError
from data.hashing import content_hash
from data.record import Record
from data.task import (
    Author,
    Difficulty,
    EnvSpec,
    Hidden,
    JsonObject,
    Provenance,
    Script,
    Split,
    TaskBody,
)
from envs.code.spec import VERSION as WORLD_VERSION
from envs.code.spec import Parameters
from envs.code.tools import TOOLS
from envs.code.tree import Tree
from envs.code.trees import agent_tree
from synth.code import difficulty, sources
from synth.code.bug import Bug, Labels
from synth.code.draft import Rejected
from synth.code.hiding import Concealed, hide
from synth.code.intake import pinned
from synth.code.labels import fixed_tree, label
from synth.code.moves import SUBMIT, edited
from synth.code.prompt import prompt
from synth.request import Catalogue, Rejection, Request, draft_rng, run_id
