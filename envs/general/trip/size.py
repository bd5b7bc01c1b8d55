"""How much a trip world holds."""

from pydantic import Field

from data.record import Record


class Size(Record):
    cities: int = Field(default=8, ge=3, le=14)
    """With the home. In Helsinki: quarters, of which it has seven."""
    hotels: int = Field(default=5, ge=3, le=10)
    """In each city; the same below. In Helsinki at most as many as there really are."""
    restaurants: int = Field(default=8, ge=4, le=16)
    attractions: int = Field(default=6, ge=3, le=12)
