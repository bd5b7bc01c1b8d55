"""Graphs, schedules, packing: small instances with one best value."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say

TOWNS = (
    "Alder Birch Cedar Dogwood Elm Fir Gorse Hazel Ivy Juniper Linden Maple Oak Pine Rowan Spruce "
    "Thorn Willow Yew Aspen"
).split()


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


def roads_by_dijkstra(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
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


def roads_by_relaxation(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
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
        found = {town: far for town in towns} | start
        for _ in towns:
            for a, b, c in links:
                found[b] = min(found[b], found[a] + c + fee)
        return found

    if rules["ask"] == "detour":
        usual = costs(both, {data["start"]: 0})[data["end"]]
        worst = 0
        for a, b, c in roads:
            left = [link for link in both if {link[0], link[1]} != {a, b}]
            cost = costs(left, {data["start"]: 0})[data["end"]]
            if cost < far:
                worst = max(worst, cost)
        return worst - usual
    layer = costs(both, {data["start"]: 0})
    best = layer[data["end"]]
    for _ in range(rules["legs"] if rules["ask"] == "voucher" else 0):
        jump = {town: far for town in towns}
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
    return setting + {
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


def _near_roads(rules: Rules) -> list[tuple[str, Rules]]:
    return {
        "voucher": [
            ("no voucher", rules | {"ask": "plain"}),
            ("one voucher more", rules | {"legs": rules["legs"] + 1}),
        ],
        "toll": [("no fee", rules | {"fee": 0}), ("fee off by one", rules | {"fee": rules["fee"] + 1})],
        "widest": [("as prices", rules | {"ask": "plain"})],
        "detour": [("usual price", rules | {"ask": "plain"})],
    }[rules["ask"]]


def _print_rules(rng: Random, level: int) -> Rules:
    return {
        "ask": rng.choice(("weighted", "late", "worst")),
        "num": 4 + level,
        "pause": rng.choice((0, 5, 10, 15)),
    }


def _print(rng: Random, rules: Rules) -> Data:
    lengths = [rng.randint(10, 90) for _ in range(rules["num"])]
    total = sum(lengths) + rules["pause"] * rules["num"]
    return [
        {
            "job": f"J{n:02d}",
            "minutes": length,
            "due": rng.randint(length, max(length + 1, round(total * 0.7))),
            "weight": rng.randint(1, 9),
        }
        for n, length in enumerate(lengths, start=1)
    ]


def print_by_subsets(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """The least cost of doing each set of jobs first."""
    num, pause = len(data), rules["pause"]
    minutes, due = [j["minutes"] for j in data], [j["due"] for j in data]
    weight = [j["weight"] for j in data]
    spent = [0] * (1 << num)
    best = [0] + [10**12] * ((1 << num) - 1)
    for done in range(1, 1 << num):
        low = (done & -done).bit_length() - 1
        spent[done] = spent[done & (done - 1)] + minutes[low] + pause
        for last in range(num):
            if done >> last & 1:
                late = max(0, spent[done] - pause - due[last])
                before = best[done ^ (1 << last)]
                if rules["ask"] == "weighted":
                    cost = before + late * weight[last]
                elif rules["ask"] == "late":
                    cost = before + (late > 0)
                else:
                    cost = max(before, late)
                best[done] = min(best[done], cost)
    return best[-1]


def print_by_solver(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """The same by CP-SAT; one machine, so jobs with their pauses must not overlap."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    pause = rules["pause"]
    end = sum(job["minutes"] + pause for job in data)
    slots, lates = [], []
    for job in data:
        start = model.new_int_var(0, end, "")
        length = job["minutes"] + pause
        slots.append(model.new_fixed_size_interval_var(start, length, ""))
        late = model.new_int_var(0, 2 * end, "")
        model.add(late >= start + job["minutes"] - job["due"])
        lates.append(late)
    model.add_no_overlap(slots)
    if rules["ask"] == "weighted":
        model.minimize(sum(late * job["weight"] for late, job in zip(lates, data)))
    elif rules["ask"] == "late":
        missed = [model.new_bool_var("") for _ in lates]
        for late, miss in zip(lates, missed):
            model.add(late == 0).only_enforce_if(miss.negated())
        model.minimize(sum(missed))
    else:
        worst = model.new_int_var(0, 2 * end, "")
        model.add_max_equality(worst, lates)
        model.minimize(worst)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = 2.0
    if solver.solve(model) != cp_model.OPTIMAL:
        return None
    return round(solver.objective_value)


def _tell_print(rules: Rules, language: Language) -> str:
    pause = rules["pause"]
    wait_en = f" After every job the press needs {pause} minutes of cleaning, which do not delay the job itself." if pause else ""
    wait_zh = f"每项工作结束后印刷机需要{pause}分钟清洗，清洗时间不算在该工作之内。" if pause else ""
    setting = say(
        language,
        "A print shop has one press and the jobs in `problem.json`, all there at minute 0: how many "
        "`minutes` each takes, the minute by which it is `due`, and its `weight`. Jobs are printed "
        f"one after the other, in any order, each in one go.{wait_en} A job is late by as many "
        "minutes as it ends after its due minute, otherwise not at all.",
        "印刷店有一台印刷机，`problem.json` 列出第0分钟就绪的全部工作：各需 `minutes` 分钟，应在第 `due` "
        f"分钟前完成，重要程度为 `weight`。工作一项接一项进行，次序任意，中途不停。{wait_zh}"
        "工作结束时间超过 `due` 多少分钟，就迟多少分钟，否则不算迟。",
    )
    question = {
        "weighted": say(
            language,
            "Choose the order that makes the sum of lateness times weight, over all jobs, as small "
            "as possible. How small is it?",
            "选择次序，使所有工作的“迟的分钟数×重要程度”之和最小。最小是多少？",
        ),
        "late": say(
            language,
            "What is the smallest possible number of late jobs?",
            "迟的工作最少能有几项？",
        ),
        "worst": say(
            language,
            "By how many minutes is the latest job late if the order is chosen so that this is as "
            "little as possible?",
            "若使最迟的那项工作迟得尽可能少，它会迟多少分钟？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_print(rules: Rules) -> list[tuple[str, Rules]]:
    return [
        ("other pause", rules | {"pause": rules["pause"] + 5}),
        *((ask, rules | {"ask": ask}) for ask in ("weighted", "late", "worst") if ask != rules["ask"]),
    ]


def _pack_rules(rng: Random, level: int) -> Rules:
    return {
        "ask": rng.choice(("value", "spare", "count")),
        "num": 9 + level,
        "bonus": rng.choice((0, 10, 15, 25)),
    }


def _pack(rng: Random, rules: Rules) -> Data:
    names = rng.sample(
        "tent stove rope camera drone radio tripod axe lamp kettle tarp sledge piano globe clock "
        "vase mirror lute".split(),
        rules["num"],
    )
    items = [{"item": n, "kg": rng.randint(3, 30), "value": rng.randint(10, 99)} for n in names]
    pairs = rng.sample([(a, b) for a in names for b in names if a < b], 6)
    return {
        "capacity": round(sum(item["kg"] for item in items) * rng.uniform(0.4, 0.6)),
        "items": items,
        "apart": [list(pair) for pair in pairs[:4]],
        "sets": [list(pair) for pair in pairs[4:]],
    }


def pack_by_enumeration(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    import numpy as np

    names = [item["item"] for item in data["items"]]
    bits = (np.arange(1 << len(names))[:, None] >> np.arange(len(names))) & 1
    has = {name: bits[:, n].astype(bool) for n, name in enumerate(names)}
    kg = bits @ np.array([item["kg"] for item in data["items"]])
    value = bits @ np.array([item["value"] for item in data["items"]])
    fine = kg <= data["capacity"]
    for a, b in data["apart"]:
        fine &= ~(has[a] & has[b])
    for a, b in data["sets"]:
        value = value + rules["bonus"] * (has[a] & has[b])
    if rules["ask"] == "count":
        return int(bits.sum(axis=1)[fine].max())
    best = value[fine].max()
    if rules["ask"] == "value":
        return int(best)
    return int(data["capacity"] - kg[fine & (value == best)].min())


def pack_by_solver(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    from ortools.sat.python import cp_model

    def solved(goal, floor=None):
        model = cp_model.CpModel()
        take = {item["item"]: model.new_bool_var(item["item"]) for item in data["items"]}
        kg = sum(item["kg"] * take[item["item"]] for item in data["items"])
        value = sum(item["value"] * take[item["item"]] for item in data["items"])
        model.add(kg <= data["capacity"])
        for a, b in data["apart"]:
            model.add_bool_or([take[a].negated(), take[b].negated()])
        for a, b in data["sets"]:
            both = model.new_bool_var("")
            model.add_min_equality(both, [take[a], take[b]])
            value += rules["bonus"] * both
        if floor is not None:
            model.add(value == floor)
        model.maximize({"value": value, "light": -kg, "count": sum(take.values())}[goal])
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        if solver.solve(model) != cp_model.OPTIMAL:
            return None
        return round(solver.objective_value)

    if rules["ask"] == "count":
        return solved("count")
    best = solved("value")
    return best if rules["ask"] == "value" else data["capacity"] + solved("light", best)


def _tell_pack(rules: Rules, language: Language) -> str:
    bonus = rules["bonus"]
    more_en = f" For each pair under `sets` of which both are taken, the total value rises by {bonus}." if bonus else " The pairs under `sets` play no part."
    more_zh = f"`sets` 中的每一对若都带上，总价值增加{bonus}。" if bonus else "`sets` 在本题中不起作用。"
    setting = say(
        language,
        "An expedition packs one sledge from the things in `problem.json`. Together they may weigh "
        "at most `capacity` kilograms, and of each pair listed under `apart` at most one may come "
        f"along.{more_en}",
        "一支探险队从 `problem.json` 所列物品中挑选装上雪橇。总重不得超过 `capacity` 千克；"
        f"`apart` 中的每一对至多带一件。{more_zh}",
    )
    question = {
        "value": say(language, "What is the highest total value?", "总价值最高是多少？"),
        "spare": say(
            language,
            "Among all choices of the highest total value take the lightest. How many kilograms of "
            "capacity does it leave unused?",
            "在总价值最高的各种选法中取最轻的一种，它还剩多少千克的载重没有用上？",
        ),
        "count": say(
            language,
            "Value aside, what is the largest number of things that can come along?",
            "不论价值，最多能带上多少件物品？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_pack(rules: Rules) -> list[tuple[str, Rules]]:
    found = [(ask, rules | {"ask": ask}) for ask in ("value", "spare", "count") if ask != rules["ask"]]
    if rules["ask"] != "count":
        found.append(("other bonus", rules | {"bonus": rules["bonus"] + 30}))
    return found


def _net_rules(rng: Random, level: int) -> Rules:
    return {"num": 5 + (level + 1) // 2, "ask": rng.choice(("trees", "needed"))}


def _net(rng: Random, rules: Rules) -> Data:
    names = [f"S{n}" for n in range(1, rules["num"] + 1)]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    chosen = rng.sample(pairs, min(len(pairs) - 1, rules["num"] + rng.randint(2, 4)))
    return {"stations": names, "cables": sorted(map(list, chosen))}


def net_by_determinant(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Kirchhoff's theorem in exact arithmetic."""
    from fractions import Fraction

    def trees(cables):
        index = {name: n for n, name in enumerate(data["stations"])}
        size = len(index)
        rows = [[Fraction(0)] * size for _ in range(size)]
        for a, b in cables:
            i, j = index[a], index[b]
            rows[i][i] += 1
            rows[j][j] += 1
            rows[i][j] -= 1
            rows[j][i] -= 1
        rows = [row[1:] for row in rows[1:]]
        det = Fraction(1)
        for n in range(size - 1):
            pivot = next((r for r in range(n, size - 1) if rows[r][n]), None)
            if pivot is None:
                return 0
            if pivot != n:
                rows[n], rows[pivot] = rows[pivot], rows[n]
                det = -det
            det *= rows[n][n]
            for r in range(n + 1, size - 1):
                factor = rows[r][n] / rows[n][n]
                rows[r] = [x - factor * y for x, y in zip(rows[r], rows[n])]
        return int(det)

    every = trees(data["cables"])
    if not every:
        return None
    if rules["ask"] == "trees":
        return every
    without = [trees([c for c in data["cables"] if c != cable]) for cable in data["cables"]]
    return max(every - one for one in without)


def net_by_choice(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Every choice of just enough cables, tried."""
    from collections import Counter
    from itertools import combinations

    used, every = Counter(), 0
    for chosen in combinations(data["cables"], len(data["stations"]) - 1):
        group = {name: name for name in data["stations"]}
        for a, b in chosen:
            old, new = group[a], group[b]
            if old == new:
                break
            group = {name: new if top == old else top for name, top in group.items()}
        else:
            every += 1
            used.update(map(tuple, chosen))
    if not every:
        return None
    return every if rules["ask"] == "trees" else max(used.values())


def _tell_net(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        "`problem.json` lists the stations of a research camp and the cables between them. To save "
        "power, only as many cables stay switched on as are needed to keep all stations connected, "
        "directly or through others: with one cable fewer they would fall apart.",
        "`problem.json` 列出了一座科考营地的站点和站点之间的电缆。为了省电，只保留刚好够用的电缆，"
        "使所有站点直接或间接相连：再少一条就会断开。",
    )
    question = {
        "trees": say(
            language,
            "In how many ways can the cables that stay on be chosen?",
            "保留哪些电缆，共有多少种选法？",
        ),
        "needed": say(
            language,
            "Consider all ways to choose the cables that stay on. In how many of them is the cable "
            "used that is used most often?",
            "考虑所有可能的选法。被用得最多的那条电缆出现在其中多少种里？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_net(rules: Rules) -> list[tuple[str, Rules]]:
    other = {"trees": "needed", "needed": "trees"}[rules["ask"]]
    return [("the other question", rules | {"ask": other})]


PUZZLES = (
    Puzzle(
        "roads", _road_rules, _roads, _tell_roads, roads_by_dijkstra, roads_by_relaxation,
        _near_roads,
    ),
    Puzzle(
        "press", _print_rules, _print, _tell_print, print_by_subsets, print_by_solver, _near_print,
        portable=False,
    ),
    Puzzle(
        "sledge", _pack_rules, _pack, _tell_pack, pack_by_enumeration, pack_by_solver, _near_pack,
        portable=False,
    ),
    Puzzle("cables", _net_rules, _net, _tell_net, net_by_determinant, net_by_choice, _near_net),
)
