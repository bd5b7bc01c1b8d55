"""The fifteen trip tools as the agent sees them, by the names and arguments of the report.

arXiv:2512.02556, section 3.2, lists them; texts here are ours, in the language of the world.
"""

from functools import lru_cache

from data.task import JsonObject, Language, ToolSpec
from envs.general.trip.compiled import Compiled, Domain, Listing
from envs.general.trip.names import Name

MAX_TEXT = 120
MAX_ANSWER = 20_000

KEYWORDS = {
    "city": ("region", "known_for", "local_cuisine", "districts", "stations", "airports"),
    "hotel": ("district", "price", "rating", "stars", "facilities"),
    "restaurant": (
        "district",
        "cuisine",
        "price",
        "rating",
        "serves",
        "opening_hours",
        "closed_on",
        "signature_dish",
    ),
    "attraction": (
        "district",
        "type",
        "setting",
        "ticket_price",
        "rating",
        "opening_hours",
        "closed_on",
        "visit_hours",
    ),
}
"""What `get_infos_by_...` can be asked about each kind of thing."""

HEADLINES = {
    "hotel": ("price",),
    "restaurant": ("cuisine", "price"),
    "attraction": ("type", "ticket_price"),
}
"""What a brief listing tells beside the name."""

MEANINGS = {
    "region": Name("所属省份或城市", "province or city it belongs to"),
    "known_for": Name("特色", "what it is known for"),
    "local_cuisine": Name("当地菜系", "its own cuisine"),
    "districts": Name("下辖区县", "districts"),
    "stations": Name("车站", "railway stations or stops"),
    "airports": Name("机场", "airports"),
    "district": Name("所在区县或街道", "district or street"),
    "hotel.price": Name("每间每晚价格（{c}）", "price of a room for a night, in {c}"),
    "restaurant.price": Name("人均每餐价格（{c}）", "price of a meal for one person, in {c}"),
    "rating": Name("评分，满分5分", "rating out of 5"),
    "stars": Name("星级", "number of stars"),
    "facilities": Name("设施与服务", "facilities and services"),
    "cuisine": Name("菜系", "cuisine"),
    "serves": Name("供应午餐、晚餐", "whether it serves lunch, dinner or both"),
    "opening_hours": Name("营业或开放时间", "opening hours"),
    "closed_on": Name("每周休息日", "weekdays on which it is closed"),
    "signature_dish": Name("招牌菜", "signature dish"),
    "type": Name("类型", "type"),
    "setting": Name("室内或室外", "indoor or outdoor"),
    "ticket_price": Name("门票（每人，{c}）", "ticket price for one person, in {c}"),
    "visit_hours": Name("建议游览时长（小时）", "suggested hours for a visit"),
}


CHINA = Name(
    "城市、区县、车站和机场是真实的；酒店、餐厅、景点、班次和天气均为虚构。",
    "Cities, districts, stations and airports are real; hotels, restaurants, sights, connections "
    "and weather are invented.",
)
HELSINKI = Name(
    "这里的“城市”是赫尔辛基市中心的各个城区。地点来自 OpenStreetMap；价格、评分、设施和天气均为虚构。",
    "A city here is a quarter of central Helsinki. Places are OpenStreetMap's; prices, ratings, "
    "facilities and weather are invented.",
)
THINGS = {
    "city": Name("城市", "city"),
    "hotel": Name("酒店", "hotel"),
    "restaurant": Name("餐厅", "restaurant"),
    "attraction": Name("景点", "attraction"),
}
PLURALS = {"hotel": "hotels", "restaurant": "restaurants", "attraction": "attractions"}
LISTED = {
    Listing.NAMES: Name("只给出名称", "names only"),
    Listing.BRIEF: Name("给出名称和{h}", "names with {h}"),
    Listing.FULL: Name("给出名称和全部信息", "names with all that is known"),
}


def trip_tools(compiled: Compiled) -> tuple[ToolSpec, ...]:
    """The tools of a world, in the order of the report."""
    return _tools(
        compiled.domain, compiled.variant.listing, compiled.language, compiled.world.currency
    )


@lru_cache(maxsize=16)
def _tools(
    domain: Domain, listing: Listing, language: Language, currency: str
) -> tuple[ToolSpec, ...]:
    write = _Writer(domain, listing, language, currency)
    return (
        *(write.listing(thing) for thing in ("attraction",)),
        write.cities(),
        *(write.listing(thing) for thing in ("hotel", "restaurant")),
        *(write.city_of(thing) for thing in ("attraction", "hotel", "restaurant")),
        write.city_transport(),
        *(write.infos(thing) for thing in ("attraction", "city", "hotel", "restaurant")),
        write.connections(),
        write.weather(),
        write.submit(),
    )


class _Writer:
    def __init__(self, domain: Domain, listing: Listing, language: Language, currency: str) -> None:
        self.detail = listing
        self.zh = language is Language.ZH
        self.currency = Name("元", "CNY") if currency == "CNY" else Name("欧元", "EUR")
        self.language = language
        self.about = HELSINKI if domain is Domain.HELSINKI else CHINA

    def _of(self, name: Name) -> str:
        return name.of(self.language)

    def _meaning(self, thing: str, keyword: str) -> str:
        meaning = MEANINGS.get(f"{thing}.{keyword}") or MEANINGS[keyword]
        return self._of(meaning).replace("{c}", self._of(self.currency))

    def _told(self, thing: str, keyword: str) -> str:
        """A keyword with its meaning, unless it says it itself."""
        meaning = self._meaning(thing, keyword)
        if meaning == keyword.replace("_", " "):
            return keyword
        return f"{keyword}：{meaning}" if self.zh else f"{keyword} ({meaning})"

    def cities(self) -> ToolSpec:
        text = Name(
            f"列出所有城市，只有它们可以写进行程。{self.about.zh}",
            f"Lists all cities; only these can be part of a trip. {self.about.en}",
        )
        return self._spec("get_all_cities", text, {})

    def listing(self, thing: str) -> ToolSpec:
        headlines = [self._meaning(thing, keyword) for keyword in HEADLINES[thing]]
        told = self._of(LISTED[self.detail]).replace(
            "{h}", ("、" if self.zh else " and ").join(headlines)
        )
        text = Name(
            f"列出某个城市的所有{THINGS[thing].zh}：{told}。",
            f"Lists all {PLURALS[thing]} of a city: {told}.",
        )
        return self._spec(f"get_all_{PLURALS[thing]}_by_city", text, {"city": self._city()})

    def city_of(self, thing: str) -> ToolSpec:
        text = Name(
            f"查询某个{THINGS[thing].zh}位于哪个城市。", f"Tells in which city a {thing} is."
        )
        if thing == "attraction":
            text = text._replace(en="Tells in which city an attraction is.")
        return self._spec(f"get_city_by_{thing}", text, {thing: self._name(thing)})

    def city_transport(self) -> ToolSpec:
        text = Name(
            f"查询某个城市的市内交通：交通方式、票价、是否有地铁、一日票价格（{self.currency.zh}）。",
            "Describes getting around within a city: means of transport, fares, whether there is a "
            f"metro, and the price of a day pass in {self.currency.en}.",
        )
        return self._spec("get_city_transport", text, {"city": self._city()})

    def infos(self, thing: str) -> ToolSpec:
        text = Name(
            f"查询某个{THINGS[thing].zh}的指定信息。",
            f"Gives chosen facts about one {thing}."
            if thing != "attraction"
            else "Gives chosen facts about one attraction.",
        )
        subject = self._city() if thing == "city" else self._name(thing)
        return self._spec(
            f"get_infos_by_{thing}",
            text,
            {"info_keywords": self._keywords(thing), thing: subject},
        )

    def connections(self) -> ToolSpec:
        text = Name(
            "列出从一个城市直达另一个城市的每日班次：方式、时长（分钟）、每人票价"
            f"（{self.currency.zh}），以及车次、航班和发到站（如有）。往返两个方向的班次不同。",
            "Lists the direct connections from one city to another that run every day: mode, "
            f"duration in minutes, fare for one person in {self.currency.en}, and where there are "
            "such, number, stations and departure. The way back has connections of its own.",
        )
        arguments = {"from_city": self._city(), "to_city": self._city()}
        return self._spec("get_inter_city_transport", text, arguments)

    def weather(self) -> ToolSpec:
        text = Name(
            "查询某个城市某一天的天气预报：天气、是否有雨雪、最高和最低气温（摄氏度）。",
            "Forecasts the weather of a city on one day: conditions, whether there is rain or snow, "
            "highest and lowest temperature in degrees Celsius.",
        )
        day: JsonObject = {
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}$",
            "description": self._of(Name("日期，格式 YYYY-MM-DD。", "Day as YYYY-MM-DD.")),
        }
        return self._spec("get_weather_by_city_date", text, {"city": self._city(), "date": day})

    def submit(self) -> ToolSpec:
        text = Name(
            "提交行程。可以再次提交，以最后一次为准。工具只检查格式，不说明行程是否符合要求。",
            "Submits the itinerary. It may be called again; the last submission counts. Only the "
            "form is checked: nothing is said about whether the itinerary meets the request.",
        )
        answer: JsonObject = {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_ANSWER,
            "description": self._of(
                Name(
                    "题目要求格式的 JSON 文本。", "The itinerary as JSON text in the asked format."
                )
            ),
        }
        return self._spec("submit_result", text, {"answer_text": answer})

    def _city(self) -> JsonObject:
        return self._text(
            Name("get_all_cities 给出的城市名。", "Name of a city as in get_all_cities.")
        )

    def _name(self, thing: str) -> JsonObject:
        return self._text(
            Name(
                f"{THINGS[thing].zh}名称，与列表中一致。", f"Name of the {thing} as in the listing."
            )
        )

    def _text(self, description: Name) -> JsonObject:
        return {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_TEXT,
            "description": self._of(description),
        }

    def _keywords(self, thing: str) -> JsonObject:
        known = KEYWORDS[thing]
        told = [self._told(thing, keyword) for keyword in known]
        text = Name(f"要查询的信息：{'；'.join(told)}。", f"What to tell: {', '.join(told)}.")
        return {
            "type": "array",
            "items": {"type": "string", "enum": list(known)},
            "minItems": 1,
            "maxItems": len(known),
            "description": self._of(text),
        }

    def _spec(self, name: str, text: Name, properties: dict[str, JsonObject]) -> ToolSpec:
        return ToolSpec(
            name=name,
            description=self._of(text),
            parameters={
                "type": "object",
                "properties": dict(properties),
                "required": list(properties),
                "additionalProperties": False,
            },
        )
