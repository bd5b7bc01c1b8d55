"""Every exception this project raises on purpose.

    PalaestraError
    +-- UserError            what was asked cannot be done; one clear line, exit code 1
    |   +-- SourceError      a source of facts or documents is missing or malformed
    |   +-- TaskError        a stored task cannot be used: altered, or its world has changed
    +-- InfrastructureError  something around the agent broke; the attempt is never scored
        +-- EnvironmentFault   the world or its sandbox failed
        |   +-- ToolFault        one tool broke or never answered; its world may well stand
        +-- ModelFault         the model endpoint failed
        +-- StoreError         the database is locked, corrupt or unreachable

What an agent does wrong is an `Observation`, never an exception; what we do wrong is an `assert`.
Messages say what was asked, what was found and what to do.
"""


class PalaestraError(Exception):
    """Base of the tree; the command line prints it as one line."""


class UserError(PalaestraError):
    """The request cannot be met as it stands; the message names what would be accepted."""


class SourceError(UserError):
    """A source is missing, unreadable, or malformed beyond what may be skipped."""


class TaskError(UserError):
    """A task cannot be used as stored; an attempt at it ends `invalid`, never with a score."""


class InfrastructureError(PalaestraError):
    """Something around the agent failed; an attempt ends `unresolved`, never with a score."""


class EnvironmentFault(InfrastructureError):
    """The world failed: a lost sandbox, a dead worker, a limit of ours that was hit."""


class ToolFault(EnvironmentFault):
    """A tool broke while it was called: its own defect, or no answer in time."""


class ModelFault(InfrastructureError):
    """The model endpoint failed: unreachable, overloaded, or a reply outside its protocol."""


class StoreError(InfrastructureError):
    """The database failed: locked beyond the wait, corrupt, unreachable, or of a newer version."""
