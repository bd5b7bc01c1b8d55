"""Cheapest and strongest ways through a road network: Dijkstra against relaxation."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say

_WORDS = """
Alder Birch Cedar Dogwood Elm Fir Gorse Hazel Ivy Juniper Linden Maple Oak Pine Rowan Spruce Thorn Willow Yew Aspen
"""

TOWNS = _WORDS.split()


def _road_rules(rng: Random, level: int) -> Rules:
    ask = rng.choice(("voucher", "toll", "widest", "detour"))
    return {
        "ask": ask,
        "num": 7 + 2 * level,
        "percent": rng.choice((30, 40, 50, 75)),
        "legs": rng.choice((1, 1, 2)),
        "fee": rng.randint(3, 15),
    }


def _roads(rng: Random, rules: Rules) -> Data:
    towns = rng.sample(TOWNS, min(len(TOWNS), rules["num"]))
    roads = {}
    for at, town in enumerate(towns[1:], start=1):
        roads[(towns[rng.randrange(max(0, at - 4), at)], town)] = rng.randint(4, 60)
    while len(roads) < 2 * len(towns):
        a, b = rng.sample(towns, 2)
        if (a, b) not in roads and (b, a) not in roads:
            roads[(a, b)] = rng.randint(10, 90)
    return {
        "start": towns[0],
        "end": towns[-1],
        "roads": [{"from": a, "to": b, "cost": c} for (a, b), c in sorted(roads.items())],
    }


def roads_by_dijkstra(data, rules):
    import heapq

    links = {}
    for road in data["roads"]:
        links.setdefault(road["from"], []).append((road["to"], road["cost"]))
        links.setdefault(road["to"], []).append((road["from"], road["cost"]))
    if rules["ask"] == "widest":
        best, queue = {}, [(-(10**9), data["start"])]
        while queue:
            width, town = heapq.heappop(queue)
            if town not in best:
                best[town] = -width
                for other, cost in links[town]:
                    heapq.heappush(queue, (-min(-width, cost), other))
        return best[data["end"]]
    fee = rules["fee"] if rules["ask"] == "toll" else 0
    uses = rules["legs"] if rules["ask"] == "voucher" else 0

    def shortest(skip):
        seen, queue = {}, [(0, data["start"], 0)]
        while queue:
            cost, town, used = heapq.heappop(queue)
            if town == data["end"]:
                return cost
            if (town, used) in seen:
                continue
            seen[(town, used)] = cost
            for other, price in links[town]:
                if {town, other} == skip:
                    continue
                heapq.heappush(queue, (cost + 100 * (price + fee), other, used))
                if used < uses:
                    less = (100 - rules["percent"]) * price
                    heapq.heappush(queue, (cost + less, other, used + 1))
        return None

    if rules["ask"] == "detour":
        closed = [shortest({road["from"], road["to"]}) for road in data["roads"]]
        return max(c for c in closed if c is not None) / 100 - shortest(set()) / 100
    return shortest(set()) / 100


def roads_by_relaxation(data, rules):
    roads = [(r["from"], r["to"], r["cost"]) for r in data["roads"]]
    both = roads + [(b, a, c) for a, b, c in roads]
    towns = sorted({a for a, _, _ in both})
    far = float("inf")
    if rules["ask"] == "widest":
        for _, _, width in sorted(roads, key=lambda r: -r[2]):
            group, grew = {data["start"]}, True
            while grew:
                grew = False
                for a, b, c in both:
                    if c >= width and a in group and b not in group:
                        group.add(b)
                        grew = True
            if data["end"] in group:
                return width
    fee = rules["fee"] if rules["ask"] == "toll" else 0

    def costs(links, start):
        found = dict.fromkeys(towns, far) | start
        for _ in towns:
            for a, b, c in links:
                found[b] = min(found[b], found[a] + c + fee)
        return found

    if rules["ask"] == "detour":
        usual = costs(both, {data["start"]: 0})[data["end"]]
        worst = 0
        for a, b, _ in roads:
            left = [link for link in both if {link[0], link[1]} != {a, b}]
            cost = costs(left, {data["start"]: 0})[data["end"]]
            if cost < far:
                worst = max(worst, cost)
        return worst - usual
    layer = costs(both, {data["start"]: 0})
    best = layer[data["end"]]
    for _ in range(rules["legs"] if rules["ask"] == "voucher" else 0):
        jump = dict.fromkeys(towns, far)
        for a, b, c in both:
            jump[b] = min(jump[b], layer[a] + c * (1 - rules["percent"] / 100))
        layer = costs(both, jump)
        best = min(best, layer[data["end"]])
    return round(best, 6)


def _tell_roads(rules: Rules, language: Language) -> str:
    percent, fee, legs = rules["percent"], rules["fee"], rules["legs"]
    setting = say(
        language,
        "`problem.json` describes a road network: every road joins two towns and can be used both "
        "ways; `cost` is ",
        "`problem.json` 描述了一个公路网：每条路连接两座城镇，可双向通行，`cost` 是",
    )
    if rules["ask"] == "widest":
        return setting + say(
            language,
            "the heaviest load, in tonnes, that its bridges carry. What is the heaviest load that a "
            "single lorry can take from `start` to `end`?",
            "路上桥梁允许的最大载重（吨）。一辆卡车从 `start` 到 `end` 最多能载多少吨？",
        )
    setting += say(language, "the price of driving along it. ", "走这条路的费用。")
    return (
        setting
        + {
            "voucher": say(
                language,
                f"You hold {'a voucher' if legs == 1 else 'two vouchers'} for {percent}% off the price "
                f"of one road{'' if legs == 1 else ' each (never two on one drive along a road)'}. What "
                "is the lowest total price from `start` to `end`?",
                f"你有{legs}张优惠券，每张可使其中一条路的费用减免{percent}%"
                f"{'' if legs == 1 else '（同一次通行不能叠用）'}。从 `start` 到 `end` 的最低总费用是多少？",
            ),
            "toll": say(
                language,
                f"On top of that, every road driven along costs a fee of {fee}. What is the lowest "
                "total price from `start` to `end`?",
                f"此外，每走一条路另收{fee}。从 `start` 到 `end` 的最低总费用是多少？",
            ),
            "detour": say(
                language,
                "One road will be closed, nobody knows which; closures that cut `end` off from `start` "
                "are ruled out. By how much can the lowest total price from `start` to `end` rise at "
                "most?",
                "将有一条路封闭，但不知是哪一条；会使 `start` 与 `end` 断开的封闭不予考虑。"
                "从 `start` 到 `end` 的最低总费用最多会上涨多少？",
            ),
        }[rules["ask"]]
    )


def _near_roads(rules: Rules) -> list[tuple[str, Rules]]:
    return {
        "voucher": [
            ("no voucher", rules | {"ask": "plain"}),
            ("one voucher more", rules | {"legs": rules["legs"] + 1}),
        ],
        "toll": [
            ("no fee", rules | {"fee": 0}),
            ("fee off by one", rules | {"fee": rules["fee"] + 1}),
        ],
        "widest": [("as prices", rules | {"ask": "plain"})],
        "detour": [("usual price", rules | {"ask": "plain"})],
    }[rules["ask"]]


PUZZLE = Puzzle(
    "roads",
    _road_rules,
    _roads,
    _tell_roads,
    roads_by_dijkstra,
    roads_by_relaxation,
    _near_roads,
)
