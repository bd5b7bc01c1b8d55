"""What the world of Helsinki says of its own accord: quarters, and the kinds of places it uses."""

from typing import NamedTuple

from envs.general.trip.names import Name, parse_names
from envs.general.trip.world import Point


class Quarter(NamedTuple):
    name: str
    at: Point
    """About its middle."""
    metro: bool
    known_for: tuple[Name, ...]


class Sight(NamedTuple):
    """A kind of sight: tag `key` has one of `values`. Tickets in EUR; 0 is free."""

    key: str
    values: frozenset[str]
    name: Name
    outdoor: bool
    low: int = 0
    high: int = 0


QUARTERS = tuple(
    Quarter(name, Point(latitude, longitude), metro, parse_names(known))
    for name, latitude, longitude, metro, known in (
        ("Keskusta", 60.1693, 24.9412, True, "中央车站=the central station;美术馆=art museums"),
        ("Kamppi", 60.1683, 24.9368, True, "购物=shopping;静默礼拜堂=the chapel of silence"),
        ("Punavuori", 60.1645, 24.9405, False, "设计小店=design shops;画廊=galleries"),
        ("Kaartinkaupunki", 60.1652, 24.9472, False, "海滨集市=the market by the sea;公园=parks"),
        ("Kluuvi", 60.1703, 24.9480, True, "大教堂=the cathedral;大学=the university"),
        ("Kaisaniemi", 60.1731, 24.9464, True, "植物园=the botanical garden;剧院=theatres"),
        ("Hakaniemi", 60.1787, 24.9505, True, "市场=its market;水岸=the waterfront"),
    )
)
SIGHTS = (
    Sight("tourism", frozenset({"museum"}), Name("博物馆", "museum"), False, 8, 24),
    Sight("tourism", frozenset({"gallery"}), Name("画廊", "gallery"), False),
    Sight("amenity", frozenset({"theatre"}), Name("剧院", "theatre"), False, 22, 65),
    Sight("amenity", frozenset({"cinema"}), Name("电影院", "cinema"), False, 12, 19),
    Sight("amenity", frozenset({"arts_centre"}), Name("艺术中心", "arts centre"), False, 10, 40),
    Sight("amenity", frozenset({"library"}), Name("图书馆", "library"), False),
    Sight("amenity", frozenset({"place_of_worship"}), Name("教堂", "church"), False),
    Sight("amenity", frozenset({"marketplace"}), Name("市场大厅", "market hall"), False),
    Sight("leisure", frozenset({"park"}), Name("公园", "park"), True),
    Sight("leisure", frozenset({"garden"}), Name("花园", "garden"), True, 5, 14),
    Sight("place", frozenset({"square"}), Name("广场", "square"), True),
    Sight("artwork_type", frozenset({"sculpture", "statue"}), Name("雕塑", "sculpture"), True),
    Sight("historic", frozenset({"monument"}), Name("纪念碑", "monument"), True),
)
"""The first that fits counts."""

MIXED = Name("综合", "mixed menu")
CUISINES = {
    tag: Name(zh, en)
    for tag, zh, en in (
        ("sushi", "寿司", "sushi"),
        ("japanese", "日本菜", "Japanese"),
        ("pizza", "披萨", "pizza"),
        ("italian", "意大利菜", "Italian"),
        ("regional", "芬兰菜", "Finnish"),
        ("finnish", "芬兰菜", "Finnish"),
        ("nordic", "北欧菜", "Nordic"),
        ("scandinavian", "北欧菜", "Nordic"),
        ("asian", "亚洲菜", "Asian"),
        ("chinese", "中餐", "Chinese"),
        ("mexican", "墨西哥菜", "Mexican"),
        ("burger", "汉堡", "burgers"),
        ("american", "美式", "American"),
        ("thai", "泰国菜", "Thai"),
        ("nepalese", "尼泊尔菜", "Nepalese"),
        ("indian", "印度菜", "Indian"),
        ("vietnamese", "越南菜", "Vietnamese"),
        ("spanish", "西班牙菜", "Spanish"),
        ("french", "法国菜", "French"),
        ("salad", "沙拉", "salads"),
        ("steak_house", "牛排馆", "steak house"),
        ("steak", "牛排馆", "steak house"),
        ("russian", "俄罗斯菜", "Russian"),
        ("german", "德国菜", "German"),
        ("georgian", "格鲁吉亚菜", "Georgian"),
        ("greek", "希腊菜", "Greek"),
        ("lebanese", "黎巴嫩菜", "Lebanese"),
        ("vegetarian", "素食", "vegetarian"),
        ("kebab", "烤肉", "kebab"),
        ("fish", "鱼鲜", "fish"),
        ("african", "非洲菜", "African"),
        ("fine_dining", "精致餐饮", "fine dining"),
    )
}
"""By the tag on the map."""
