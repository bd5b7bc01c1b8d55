"""Tables for the pages of the elements: Chinese and corrected names, codes put into words."""

CHINESE = (
    "氢氦锂铍硼碳氮氧氟氖钠镁铝硅磷硫氯氩钾钙钪钛钒铬锰铁钴镍铜锌镓锗砷硒溴氪铷锶钇锆铌钼锝钌铑钯银镉铟锡锑碲碘氙"
    "铯钡镧铈镨钕钷钐铕钆铽镝钬铒铥镱镥铪钽钨铼锇铱铂金汞铊铅铋钋砹氡钫镭锕钍镤铀镎钚镅锔锫锎锿镄钔锘铹"
    "𬬻𬭊𬭳𬭛𬭶鿏𫟼𬬭鿔鿭𫓧镆𫟷鿬鿫"
)
"""Chinese names in order of atomic number, one character each."""

BRITISH = {"Aluminum": "Aluminium", "Cesium": "Caesium", "Sulfur": "Sulphur"}
"""Other spellings in use, by our name."""
SERIES = {
    "Nonmetals": "nonmetal",
    "Noble gases": "noble gas",
    "Alkali metals": "alkali metal",
    "Alkaline earth metals": "alkaline earth metal",
    "Metalloids": "metalloid",
    "Halogens": "halogen",
    "Poor metals": "poor metal",
    "Transition metals": "transition metal",
    "Lanthanides": "lanthanide",
    "Actinides": "actinide",
}
"""Series as the database names them, in the singular."""
LATTICE = {
    "BCC": "body-centred cubic",
    "CUB": "cubic",
    "DIA": "diamond",
    "FCC": "face-centred cubic",
    "HEX": "hexagonal",
    "MCL": "monoclinic",
    "ORC": "orthorhombic",
    "RHL": "rhombohedral",
    "SC": "simple cubic",
    "TET": "tetragonal",
}
"""Crystal lattices by the database's code."""
PEOPLE = {
    "A. A. Bussy": "Antoine Bussy",
    "A. C. Wohl": "A. C. Wahl",
    "A. F. Fourcory": "Antoine Fourcroy",
    "A. Ghiorso": "Albert Ghiorso",
    "C. F. Aver von Welsbach": "Carl Auer von Welsbach",
    "Charles Hatchet": "Charles Hatchett",
    "E. Segré": "Emilio Segrè",
    "Fredrich Ernst Dorn": "Friedrich Ernst Dorn",
    "Fredrich Soddy": "Frederick Soddy",
    "Fredrich Stromeyer": "Friedrich Stromeyer",
    "Fredrich Wöhler": "Friedrich Wöhler",
    "G. Kirchoff": "Gustav Kirchhoff",
    "G. T. Seaborg": "Glenn Seaborg",
    "Gustov Kirchoff": "Gustav Kirchhoff",
    "J. Berzelius": "Jöns Berzelius",
    "Joseph Priestly": "Joseph Priestley",
    "L. N. Vauquelin": "Louis Vauquelin",
    "M. Klaproth": "Martin Klaproth",
    "M. W. Travers": "Morris Travers",
    "Marguerite Derey": "Marguerite Perey",
    "Nils Langet": "Nils Langlet",
    "P. T. Cleve": "Per Theodor Cleve",
    "R. Bunsen": "Robert Bunsen",
    "S. G. Tompson": "Stanley Thompson",
    "S. Tenant": "Smithson Tennant",
    "Sir H. Davy": "Sir Humphry Davy",
    "Sir Humphrey Davy": "Sir Humphry Davy",
    "Sir William Ramsey": "Sir William Ramsay",
    "Smithson Tenant": "Smithson Tennant",
    "U of Calif": "the University of California",
    "U. of Cal at Berkeley": "the University of California at Berkeley",
    "Soviet Nuclear Research": "Soviet nuclear research",
    "Émillo Segrè": "Emilio Segrè",
}
"""Discoverers by the database's spelling."""
COUPLES = {
    "Pierre and Marie Curie": "Pierre Curie, Marie Curie",
    "Fausto and Juan José de Elhuyar": "Fausto de Elhuyar, Juan José de Elhuyar",
}
"""Discoverers the database names together."""
SPELLING = {
    "Socket silvery": "Soft silvery",
    "isotopes are six": "isotopes and six",
    "whtie": "white",
    "bombardng": "bombarding",
    "Scandum": "Scandium",
    "cooper ore and native .": "copper ore and as native metal.",
    "Obtain from": "Obtained from",
    "isotopes Gd-155 and Gd-157 and the": "isotopes Gd-155 and Gd-157 are the",
    "Gd-155 and Gd-157 and the best": "Gd-155 and Gd-157 are the best",
    "numpy": "num",
    "thermodydamics": "thermodynamics",
    "city of Moscov": "Moscow region",
    "Lise Mietner": "Lise Meitner",
    "element.s": "elements",
}
"""Slips in the database's prose."""
