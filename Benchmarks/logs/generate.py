#!/usr/bin/env python3
"""Writes an access log as nginx makes it (format `combined` with the request's time): the same bytes each time.

    generate.py BYTES FILE

A block of lines, up to 64 MiB, is made one by one; after it the block comes again with the next hour in its times, until
there are enough bytes. No compressor of the benchmark looks back so far (zstd's windows up to level 15 are 4 MiB and its
frames are shorter; gzip's is 32 KiB), so to them no line repeats. Visitors, pages and agents are drawn as in real logs, a
few often and many seldom; zstd -3 makes an eighth to a seventh of it.
"""

import random
import sys

BLOCK = 64 << 20
AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{}.1 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS {}_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0",
    "Mozilla/5.0 (Linux; Android 14; SM-S{}8B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (compatible; Googlebot/2.{}; +http://www.google.com/bot.html)", "okhttp/4.{}.0", "curl/8.{}.1",
]
WORDS = "account api cart catalog checkout css feed home images item js list login news order page profile search static".split()


class Draw:
    """Values by Zipf's law: the n-th is drawn 1/n as often as the first."""

    def __init__(self, dice, values, flatness=1.0):
        self.dice, self.values, self.weights = dice, values, []
        total = 0.0
        for place in range(len(values)):
            total += 1 / (place + 1) ** flatness
            self.weights.append(total)

    def many(self, count):
        return self.dice.choices(self.values, cum_weights=self.weights, k=count)


def page(dice):
    path = "/" + "/".join(dice.choices(WORDS, k=dice.randint(1, 3)))
    return dice.choice([path, f"{path}/{dice.randint(1, 99999)}", f"{path}?page={dice.randint(1, 50)}", path + ".html"])


def lines(size):
    """About `size` bytes of whole lines, times within the hour 00 of 28 November 2026."""
    dice = random.Random(4)
    visitors = Draw(dice, [".".join(str(dice.randint(1, 254)) for _ in range(4)) for _ in range(20_000)], 0.8)
    agents = Draw(dice, [dice.choice(AGENTS).format(dice.randint(1, 130)) for _ in range(300)])
    requests = Draw(dice, [f"{dice.choices(['GET', 'POST', 'HEAD'], [90, 8, 2])[0]} {page(dice)} HTTP/{dice.choice(['1.1', '2.0'])}"
                           for _ in range(5000)])
    referrers = Draw(dice, ["-"] + ["https://www.example.com" + page(dice) for _ in range(1000)], 0.9)
    states = Draw(dice, ["200", "304", "404", "302", "499", "500", "206"], 1.6)
    count = max(1, size // 190)
    step = 3600 / count
    columns = zip(visitors.many(count), requests.many(count), states.many(count), referrers.many(count), agents.many(count))
    made = []
    for number, (visitor, request, state, referrer, agent) in enumerate(columns):
        second = int(number * step)
        length = 0 if state == "304" else int(dice.paretovariate(0.7) * 300) % 400_000
        made.append(f"{visitor} - - [28/Nov/2026:00:{second // 60:02}:{second % 60:02} +0000] \"{request}\" {state} {length} "
                    f"\"{referrer}\" \"{agent}\" 0.{dice.getrandbits(7):03}\n")
    return "".join(made).encode()


def main():
    wanted, path = int(sys.argv[1]), sys.argv[2]
    block = lines(min(wanted, BLOCK))
    with open(path, "wb") as file:
        hour = 0
        while file.tell() < wanted:
            day, of_day = 28 + hour // 24, hour % 24
            stamp = f"[{day:02}/Nov/2026:{of_day:02}:".encode() if day <= 30 else f"[{day - 30:02}/Dec/2026:{of_day:02}:".encode()
            piece = block.replace(b"[28/Nov/2026:00:", stamp)[:wanted - file.tell()]
            # The last line is whole.
            file.write(piece[:piece.rfind(b"\n") + 1] if len(piece) < len(block) else piece)
            hour += 1
            if len(piece) < len(block):
                break


if __name__ == "__main__":
    main()
