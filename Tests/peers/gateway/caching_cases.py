"""What a shared cache must, should or may do, as a table that `caching_table.py` runs through a gateway.

A case is a list of steps for one URL: a request, what the origin gives for it when it is asked, and what must come of
it.

    give(FIELDS…)        the origin's answer has these fields; it must come through to the client
    get(WANT, FIELDS…)   a request with these fields; WANT is HIT (the origin is not asked), FETCHED (it answers in
                         full), ETAG or DATE (it is asked with If-None-Match or If-Modified-Since, and says 304), ANY

Options of both, for the request: `method`, `path`, `query`, `sends` (a body); for the origin: `gives` (fields),
`status`, `body`, `interims`, `closes` (it breaks off instead); then `wait` (seconds). Of the client's answer: `comes`
(status), `reads` (body), `shows` and `hides` (fields; `NAME > N` compares numbers). Of the request that the origin
gets: `told` and `untold` (fields). `quiet` are names among `gives` that need not come through. `{now+N}` is N seconds
from the origin's now, as a date; `{self}` is the case's path.

must, should: what RFC 9111 and its kin require, and what a good shared cache does beside. may: where both would do, and
we have chosen. `declined` says why we do otherwise than the row says: then it must fail, or the reason is gone.

The topics are those of the public suite https://cache-tests.fyi; the rows and words are ours.
"""

import dataclasses

HIT, FETCHED, ETAG, DATE, ANY = "hit", "fetched", "etag", "date", "any"


@dataclasses.dataclass
class Step:
    want: str = ANY
    sends_fields: tuple = ()
    gives: tuple = ()
    wait: float = 0
    status: int = 200
    body: str = None
    method: str = "GET"
    path: str = ""
    query: str = ""
    sends: str = None
    closes: bool = False
    interims: tuple = ()
    comes: int = None
    reads: str = None
    shows: tuple = ()
    hides: tuple = ()
    told: tuple = ()
    untold: tuple = ()
    quiet: tuple = ()


@dataclasses.dataclass
class Case:
    name: str
    kind: str
    steps: tuple
    declined: str = None
    guesses: bool = False


def give(*fields, **options):
    return Step(gives=fields, **options)


def get(want, *fields, **options):
    return Step(want=want, sends_fields=fields, **options)


ALL = []


def add(kind, name, *steps, declined=None, guesses=False):
    ALL.append(Case(name, kind, steps, declined, guesses))


def must(name, *steps, **options):
    add("must", name, *steps, **options)


def should(name, *steps, **options):
    add("should", name, *steps, **options)


def may(name, *steps, **options):
    add("may", name, *steps, **options)


def again(kind, name, want, *fields, wait=0, **options):
    """An answer with these fields, then the same request."""
    add(kind, name, give(*fields, wait=wait), get(want), **options)


DAY = 86_400
FRESH = ("Cache-Control: max-age=100000", "Date: {now}")
OLD = ("Expires: {now-5000}", "Last-Modified: {now-100000}", "Date: {now}")
SHORT = ("Cache-Control: max-age=2", "Template-A: 1")
PAUSE = 4


def freshness():
    again("may", "nothing about freshness, no validator", FETCHED)
    again("should", "max-age", HIT, "Cache-Control: max-age=3600", wait=PAUSE)
    again("must", "max-age is over", FETCHED, *SHORT, wait=PAUSE)
    again("must", "max-age=0", FETCHED, "Cache-Control: max-age=0")
    for seconds in ("2147483647", "2147483648", "2147483649", "99999999999"):
        again("should", f"max-age={seconds}", HIT, f"Cache-Control: max-age={seconds}")
    again("must", "Age above max-age", FETCHED, "Date: {now}", "Cache-Control: max-age=3600", "Age: 7200")
    again("may", "Date long before now", FETCHED, "Date: {now-7200}", "Cache-Control: max-age=3600")
    again("should", "max-age before a past Expires", HIT, "Cache-Control: max-age=3600", "Expires: {now-7200}",
          "Date: {now}")
    again("should", "max-age before Expires that is none", HIT, "Cache-Control: max-age=3600", "Expires: 0",
          "Date: {now}")
    again("must", "max-age=0 before a future Expires", FETCHED, "Expires: {now+3600}", "Cache-Control: max-age=0",
          "Date: {now}")
    again("should", "an unknown directive beside", HIT, "Cache-Control: foobar, max-age=3600")
    again("should", "max-age in odd case", HIT, "Cache-Control: MaX-aGe=3600")
    again("must", "negative max-age", FETCHED, "Cache-Control: max-age=-3600")
    again("should", "s-maxage", HIT, "Cache-Control: s-maxage=3600", wait=PAUSE)
    again("must", "short s-maxage behind max-age", FETCHED, "Cache-Control: max-age=3600, s-maxage=1", wait=PAUSE)
    again("must", "short s-maxage before max-age", FETCHED, "Cache-Control: s-maxage=1, max-age=3600", wait=PAUSE)
    again("must", "short s-maxage on its own line", FETCHED, "Cache-Control: max-age=3600",
          "Cache-Control: s-maxage=1", wait=PAUSE)
    again("should", "long s-maxage before max-age", HIT, "Cache-Control: max-age=1, s-maxage=3600", wait=PAUSE)
    again("should", "s-maxage, max-age=0, past Expires", HIT, "Expires: {now-10}",
          "Cache-Control: max-age=0, s-maxage=3600")


def directives():
    for lines, name in ((("max-age=1800, max-age=1",), "fresh and stale, one line"),
                        (("max-age=1800", "max-age=1"), "two lines"),
                        (("max-age=1, max-age=1800",), "stale and fresh, one line"),
                        (("max-age=1", "max-age=1800"), "turned")):
        again("may", f"two max-age: {name}", FETCHED, *(f"Cache-Control: {line}" for line in lines), wait=PAUSE)
    again("must", "max-age in another's quotes, before", FETCHED, 'Cache-Control: x="max-age=3600", max-age=1',
          wait=PAUSE)
    again("must", "max-age in another's quotes, behind", FETCHED, 'Cache-Control: max-age=1, x="max-age=3600"',
          wait=PAUSE)
    again("may", "quoted max-age", HIT, 'Cache-Control: max-age="3600"')
    again("must", "max-age=003600", HIT, "Cache-Control: max-age=003600")
    again("must", "max-age in single quotes", FETCHED, "Cache-Control: max-age='3600'")
    for text in ("max-age =3600", "max-age= 3600", "max-age=3600.0", "max-age=3600.5", "max-age=a3600",
                 "max-age=3600a"):
        again("may", f"garbled: {text}", FETCHED, f"Cache-Control: {text}")


def ages():
    known = ("Date: {now}", "Cache-Control: max-age=3600")
    for values, want in ((["abc"], HIT), (["-7200"], HIT), (["7200.0"], HIT), (["2147483647"], FETCHED),
                         (["2147483648"], FETCHED),
                         (["2147483649"], FETCHED), (["7200, 0"], FETCHED), (["0, 7200"], HIT),
                         (["7200", "0"], FETCHED),
                         (["0", "7200"], HIT), (["0, 0"], HIT), (["0", "0"], HIT)):
        again("must", f"Age: {' | '.join(values)}", want, *known, *(f"Age: {value}" for value in values))
    again("must", "Age: 3600 | 3600 of 10000", HIT, "Date: {now}", "Cache-Control: max-age=10000", "Age: 3600",
          "Age: 3600")
    for value in ("7200;foo=bar", "7200;foo=111"):
        again("may", f"Age: {value}, which is no number", HIT, *known, f"Age: {value}")


def expiry():
    month = 30 * DAY
    again("should", "Expires ahead", HIT, f"Expires: {{now+{month}}}", "Date: {now}")
    again("must", "Expires behind", FETCHED, f"Expires: {{now-{month}}}", "Date: {now}")
    again("must", "Expires now", FETCHED, "Expires: {now}", "Date: {now}")
    again("must", "Expires before Date, both ahead", FETCHED, "Expires: {now+300}", "Date: {now+400}")
    again("must", "Expires: 0", FETCHED, "Expires: 0", "Date: {now}")
    again("should", "Expires with a Date that is none", HIT, "Date: foo", "Expires: {now+10}")
    again("must", "Age above Expires minus a slow Date", FETCHED, "Date: {now-10}", "Expires: {now+10}", "Age: 25")
    again("must", "Age above Expires minus a fast Date", FETCHED, "Date: {now+10}", "Expires: {now+20}", "Age: 15")
    for text in ("Tue, 19 Jan 2038 14:14:08 GMT", "Sun, 21 Nov 2286 04:46:39 GMT", "Thursday, 18-Aug-50 02:01:18 GMT",
                 "Thu Aug  8 02:01:18 2050", "THU, 18 Aug 2050 02:01:18 GMT", "Thu, 18 AUG 2050 02:01:18 GMT",
                 "Thu, 18 Aug 2050 02:01:18 gMT"):
        again("should", f"Expires: {text}", HIT, f"Expires: {text}", "Date: {now}")
    for text in ("Thu, 18 Aug 2050 02:01:18 UTC", "Thu, 18 Aug 2050 02:01:18 AEST", "Thu, 18 Aug 50 02:01:18 GMT",
                 "Thu 18 Aug 2050 02:01:18 GMT", "Thu, 18  Aug  2050 02:01:18 GMT", "Thu, 18-Aug-2050 02:01:18 GMT",
                 "Thu, 18 Aug 2050 02.01.18 GMT", "Thu, 18 Aug 2050 2:01:18 GMT"):
        again("must", f"Expires: {text}, which is none", FETCHED, f"Expires: {text}", "Date: {now}")
    again("must", "Expires on two lines", FETCHED, "Expires: Thu, 18 Aug 2050 02:01:18 GMT",
          "Expires: Thu, 18 Aug 2050 02:01:19 GMT", "Date: {now}")


def permissions():
    explicit = ("Expires: {now+10000}", "Date: {now}")
    again("must", "private", FETCHED, "Cache-Control: private, max-age=3600")
    again("must", "no-store", FETCHED, "Cache-Control: no-store")
    again("must", "no-store in odd case", FETCHED, "Cache-Control: No-StOrE")
    again("must", "no-store though fresh", FETCHED, "Cache-Control: max-age=10000, no-store", *explicit)
    for newer in ("no-store", "no-store, max-age=0"):
        may(f"fresh, then {newer}: the old one serves", give("Cache-Control: max-age=10000", "A: 1"),
            get(FETCHED, "Cache-Control: no-cache", gives=(f"Cache-Control: {newer}", "A: 2")),
            get(HIT, shows=("A: 1",)))
    again("must", "no-cache though fresh", FETCHED, "Cache-Control: max-age=10000, no-cache", *explicit)
    again("must", "no-cache in odd case", FETCHED, "Cache-Control: max-age=10000, No-CaChE", *explicit)
    again("should", "no-cache is kept and asked about", ETAG, "Cache-Control: no-cache", 'ETag: "abcd"')
    again("should", "no-cache, fresh, is kept and asked about", ETAG, "Cache-Control: max-age=10000, no-cache",
          *explicit, 'ETag: "abcd"')
    may("no-cache with one field", give('Cache-Control: no-cache="a"', "a: 1", "b: 2", "Cache-Control: max-age=3600"),
        get(HIT, shows=("b: 2",), hides=("a",)))
    may("no-cache with two fields", give('Cache-Control: no-cache="a, b"', "a: 1", "b: 2", "c: 3",
                                         "Cache-Control: max-age=3600"),
        get(HIT, shows=("c: 3",), hides=("a", "b")))
    may("private with one field", give('Cache-Control: private="a", max-age=3600', "a: 1", "b: 2"),
        get(HIT, shows=("b: 2",), hides=("a",)))
    again("should", "must-revalidate, fresh", HIT, "Cache-Control: max-age=10000, must-revalidate", 'ETag: "abcd"')
    strict = ("Cache-Control: max-age=3, must-revalidate", 'ETag: "abcd"')
    must("must-revalidate, stale", give(*strict), get(HIT, gives=strict, wait=PAUSE), get(ETAG))


def staleness():
    may("the origin closes: without its leave nothing stale", give(*SHORT, wait=PAUSE),
        get(ANY, closes=True, comes=502))
    may("503: without its leave nothing stale", give(*SHORT, wait=PAUSE), get(FETCHED, status=503))
    tagged = ("Cache-Control: max-age=1, stale-while-revalidate=3600", 'ETag: "abc"')
    should("stale-while-revalidate", give(*tagged, wait=PAUSE), get(HIT, quiet=()))
    should("stale-while-revalidate renews", give("Cache-Control: max-age=0, stale-while-revalidate=3600",
                                                 'ETag: "abc"'),
           get(HIT, gives=("Cache-Control: max-age=3600", 'ETag: "def"'), wait=PAUSE), get(HIT, shows=('ETag: "def"',)))
    must("stale-while-revalidate is over", give("Cache-Control: max-age=1, stale-while-revalidate=6", 'ETag: "abc"',
                                                wait=PAUSE),
         get(HIT, gives=("Cache-Control: no-cache", 'ETag: "def"'), wait=PAUSE),
         get(ANY, shows=("Client-Request-Count: 3",)))
    leave = "Cache-Control: max-age=2, stale-if-error=60"
    may("stale-if-error, the origin closes", give(leave, wait=PAUSE), get(HIT, closes=True))
    may("stale-if-error, 503", give(leave, wait=PAUSE), get(HIT, status=503, comes=200))
    may("stale-if-error, 500", give("Cache-Control: max-age=0, stale-if-error=3600"), get(HIT, status=500, comes=200))
    must("stale-if-error is over", give("Cache-Control: max-age=0, stale-if-error=1", wait=PAUSE),
         get(FETCHED, status=500))
    may("stale-if-error of the request", give("Cache-Control: max-age=0, must-understand", 'ETag: "a"'),
        get(HIT, "Cache-Control: stale-if-error=3600", status=500, comes=200))
    must("stale-if-error of the request is over", give("Cache-Control: max-age=0", 'ETag: "a"', wait=PAUSE),
         get(FETCHED, "Cache-Control: stale-if-error=1", status=500))
    for word in ("must-revalidate", "proxy-revalidate", "no-cache", "s-maxage=2"):
        must(f"{word}: never stale", give(f"Cache-Control: max-age=2, {word}", wait=PAUSE),
             get(ANY, closes=True, comes=502, hides=("Server-Request-Count",)))


def statuses():
    for status in (200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599):
        should(f"{status}, fresh", give(*FRESH, status=status), get(HIT, status=status))
        must(f"{status}, stale", give(*OLD, status=status), get(FETCHED))
    known = "Cache-Control: max-age=3600, no-store, must-understand"
    must("must-understand of an unknown status", give(known, status=599), get(FETCHED))
    should("must-understand of a known status", give(known), get(HIT))
    changed = (f"Last-Modified: {{now-{DAY}}}", "Date: {now}")
    for status in (200, 203, 204, 404, 405, 410, 414, 501):
        should(f"{status}, freshness guessed", give(*changed, status=status), get(HIT, status=status), guesses=True)
    for status in (201, 202, 403, 502, 503, 504, 599):
        must(f"{status}, freshness not to be guessed", give(*changed, status=status), get(FETCHED), guesses=True)
    should("599 and public, freshness guessed", give(*changed, "Cache-Control: public", status=599),
           get(HIT, status=599), guesses=True)
    for seconds, want in ((5, FETCHED), (10, FETCHED), (60, HIT), (600, HIT), (3600, HIT), (DAY, HIT)):
        may(f"changed {seconds} s ago", give(f"Last-Modified: {{now-{seconds}}}", "Date: {now}", wait=PAUSE),
            get(want), guesses=True)
    post = (f"Expires: {{now+{30 * DAY}}}", "Content-Location: {self}", "Date: {now}")
    should("an answer to POST with its own Content-Location serves GET", give(*post, method="POST", sends="12345"),
           get(HIT),
           declined="what a call gives is for who called")


def requests():
    may("request max-age=0", give(*FRESH), get(FETCHED, "Cache-Control: max-age=0"))
    may("request max-age=1", give(*FRESH, wait=PAUSE), get(FETCHED, "Cache-Control: max-age=1"))
    may("request max-age below the age", give("Cache-Control: max-age=3600", "Age: 1800"),
        get(FETCHED, "Cache-Control: max-age=600"))
    may("request max-stale", give("Cache-Control: max-age=1", wait=PAUSE), get(HIT, "Cache-Control: max-stale=1000"))
    may("request max-stale and Age", give("Cache-Control: max-age=1500", "Age: 2000"),
        get(HIT, "Cache-Control: max-stale=1000"))
    may("request min-fresh", give("Cache-Control: max-age=1500"), get(FETCHED, "Cache-Control: min-fresh=2000"))
    may("request min-fresh and Age", give("Cache-Control: max-age=1500", "Age: 1000"),
        get(FETCHED, "Cache-Control: min-fresh=1000"))
    may("request no-cache", give("Cache-Control: max-age=3600"), get(FETCHED, "Cache-Control: no-cache"))
    may("request no-cache asks by date", give("Cache-Control: max-age=3600", "Last-Modified: {now-10000}",
                                              "Date: {now}"),
        get(DATE, "Cache-Control: no-cache"))
    may("request no-cache asks by tag", give("Cache-Control: max-age=3600", "ETag: abc"),
        get(ETAG, "Cache-Control: no-cache"))
    may("request no-store gets what is stored", give("Cache-Control: max-age=3600"),
        get(HIT, "Cache-Control: no-store"))
    may("request only-if-cached", get(ANY, "Cache-Control: only-if-cached", comes=504))
    for field in ("no-cache", "unknown"):
        may(f"request Pragma: {field} beside Cache-Control", give("Cache-Control: max-age=3600"),
            get(HIT, f"Pragma: {field}"))
    for field in ("no-cache", "unknown"):
        again("may", f"answer Pragma: {field}", HIT, "Cache-Control: max-age=3600", f"Pragma: {field}")
    again("may", "answer Pragma: no-cache, freshness guessed", HIT, "Last-Modified: {now-10000}", "Pragma: no-cache",
          guesses=True)


VARIED = ("Cache-Control: max-age=5000", "Last-Modified: {now-3000}", "Date: {now}")


def varied(kind, name, names, first, second, want, **options):
    add(kind, name, Step(sends_fields=first, gives=(*VARIED, *(f"Vary: {line}" for line in names))),
        get(want, *second), **options)


def variants():
    one, two, three = ("Foo: 1",), ("Foo: 1", "Bar: abc"), ("Foo: 1", "Bar: abc", "Baz: 789")
    varied("should", "Vary, the same", ["Foo"], one, one, HIT)
    varied("must", "Vary, another value", ["Foo"], one, ("Foo: 2",), FETCHED)
    varied("must", "Vary, stored without", ["Foo"], (), one, FETCHED)
    varied("must", "Vary, asked without", ["Foo"], one, (), FETCHED)
    should("two variants", Step(sends_fields=one, gives=(*VARIED, "Vary: Foo"), body="foo_1"),
           get(FETCHED, "Foo: 2", gives=(*VARIED, "Vary: Foo"), body="foo_2"), get(HIT, *one, body="foo_1"))
    varied("should", "fields that Vary does not name", ["Foo"], ("Foo: 1", "Other: 2"), ("Foo: 1", "Other: 3"), HIT)
    varied("should", "Vary of two, the same", ["Foo, Bar"], two, two, HIT)
    varied("must", "Vary of two, one differs", ["Foo, Bar"], two, ("Foo: 2", "Bar: abc"), FETCHED)
    varied("must", "Vary of two, asked without", ["Foo, Bar"], two, (), FETCHED)
    varied("should", "Vary of three, the same", ["Foo, Bar, Baz"], three, three, HIT)
    varied("must", "Vary of three, one differs", ["Foo, Bar, Baz"], three, ("Foo: 2", "Bar: abc", "Baz: 789"), FETCHED)
    varied("must", "Vary of three, in another order, one differs", ["Foo, Bar, Baz"], three,
           ("Foo: 1", "Baz: 789", "Bar: abcde"), FETCHED)
    varied("should", "Vary of three, one missing in both", ["Foo, Bar, Baz"], ("Foo: 1", "Baz: 789"),
           ("Foo: 1", "Baz: 789"), HIT)
    pair = ("Foo: 1", "Baz: 789")
    for lines in (["*"], ["*, *"], ["*", "*"], [", *"], ["", "*"], ["*, Foo"], ["Foo, *"]):
        varied("must", f"Vary: {' | '.join(lines)}", lines, pair, pair, FETCHED)
    varied("must", "Vary: * alone", ["*"], pair, pair, FETCHED)
    varied("should", "lines of an unknown field are joined", ["Foo"], ("Foo: 1, 2",), ("Foo: 1", "Foo: 2"), HIT)
    varied("should", "blanks of an unknown field", ["Foo"], ("Foo: 1,2",), ("Foo:  1, 2 ",), HIT)
    varied("must", "blanks in quotes", ["Foo"], ('Foo: "1,2"',), ('Foo: "1, 2"',), FETCHED)
    spoken = ("Accept-Language: en, de",)
    varied("should", "languages in another case", ["Accept-Language"], spoken, ("Accept-Language: eN, De",), HIT)
    varied("should", "languages with other blanks", ["Accept-Language"], spoken, ("Accept-Language:  en ,   de",), HIT)
    varied("should", "languages in another order", ["Accept-Language"], spoken, ("Accept-Language: de, en",), HIT,
           declined="servers take the order for a preference")
    should("a language that the stored answer is in", Step(sends_fields=spoken, gives=(*VARIED, "Vary: Accept-Language",
                                                                                     "Content-Language: de")),
           get(HIT, "Accept-Language: fr;q=0.5, de;q=1.0"), declined="which language is best is the origin's choice")


def conditions():
    changed = ("Cache-Control: max-age=100000", "Last-Modified: {now-3000}", "Date: {now}")
    should("If-Modified-Since, the same", give(*changed), get(HIT, "If-Modified-Since: {now-3000}", comes=304))
    should("If-Modified-Since, later", give(*changed), get(HIT, "If-Modified-Since: {now-2000}", comes=304))
    should("If-Modified-Since, stale, renewed", give("Cache-Control: max-age=2", *changed[1:], wait=PAUSE),
           get(DATE, "If-Modified-Since: {now-3000}", comes=304))
    should("If-Modified-Since, without Last-Modified", give("Cache-Control: max-age=10000", "Date: {now-5000}"),
           get(HIT, "If-Modified-Since: {now-3000}", comes=304))
    should("If-Modified-Since before Date, without Last-Modified", give("Cache-Control: max-age=10000", "Date: {now}"),
           get(HIT, "If-Modified-Since: {now-3000}", comes=304), declined="it may have changed in between")
    should("If-Modified-Since in the obsolete form", give(*changed),
           get(HIT, "If-Modified-Since: {now-3000 rfc850}", comes=304))
    must("If-Modified-Since, earlier", give(*changed), get(HIT, "If-Modified-Since: {now-4000}", comes=200))

    def tags(kind, name, own, asked, comes=304, **options):
        add(kind, f"If-None-Match, {name}", give(*FRESH, f"ETag: {own}"),
            get(HIT, f"If-None-Match: {asked}", comes=comes, shows=(f"ETag: {own}",)), **options)

    tags("should", "strong", '"abcdef"', '"abcdef"')
    tags("should", "weak", 'W/"abcdef"', 'W/"abcdef"')
    tags("must", "another", '"abcdef"', '"abcdeg"', comes=200)
    for place, asked in (("first", '"abcdef", "1", "2"'), ("second", '"1", "abcdef", "2"'),
                         ("last", '"1", "2", "abcdef"')):
        tags("should", f"{place} of three", '"abcdef"', asked)
    tags("may", "beyond ASCII", '"abcdef\xfc"', '"abcdef\xfc"')
    tags("may", "unquoted for a quoted one", '"abcdef"', "abcdef", comes=200)
    tags("may", "unquoted for an unquoted one", "abcdef", "abcdef")
    tags("may", "quoted for an unquoted one", "abcdef", '"abcdef"', comes=200)
    for odd in ('w/"abcdef"', 'W\\"abcdef"', 'W"abcdef"'):
        tags("may", f"{odd} for itself", odd, odd)
    must("If-None-Match before If-Modified-Since", give(*FRESH, "Last-Modified: {now-5000}", 'ETag: "abcdef"'),
         get(HIT, 'If-None-Match: "abcdef"', "If-Modified-Since: {now-10000}", comes=304))
    must("304 has the stored tag", give(*FRESH, 'ETag: "abcdef"'),
         get(HIT, 'If-None-Match: "abcdef"', comes=304, shows=('ETag: "abcdef"',)))
    must("asked with the fields that Vary names", Step(sends_fields=("Abc: 123",), wait=PAUSE, gives=(
        "Expires: {now+1}", 'ETag: "abcdef"', "Date: {now}", "Vary: Abc")), get(ETAG, "Abc: 123", told=("Abc: 123",)))
    may("another variant is asked for without the tag", Step(sends_fields=("Abc: 123",), gives=(
        "Expires: {now+10000}", 'ETag: "abcdef"', "Date: {now}", "Vary: Abc")),
        get(FETCHED, "Abc: 456", untold=("If-None-Match",)))
    for own in ('"abcdef"', 'W/"abcdef"'):
        should(f"stale, asked with {own}", give(*SHORT, f"ETag: {own}", wait=PAUSE),
               get(ETAG, told=(f"If-None-Match: {own}",)))
    may("stale, asked with the tag as it is", give(*SHORT, "ETag: abcdef", wait=PAUSE),
        get(ETAG, told=("If-None-Match: abcdef",)))
    for asked in ('"abcdef"', "abcdef"):
        may(f"nothing stored: If-None-Match: {asked} goes on",
            get(FETCHED, f"If-None-Match: {asked}", told=(f"If-None-Match: {asked}",)))


# Fields of answers: name, first and second value, and whether a 304 must bring the second.
KEPT = (
    ("Test-Header", "a", "b", True), ("X-Test-Header", "a", "b", True), ("Content-Foo", "a", "b", True),
    ("X-Content-Foo", "a", "b", True), ("Cache-Control", "max-age=1", "max-age=3600", True),
        ("Content-Encoding", "a", "b", False),
    ("Content-Location", "/foo", "/bar", None), ("Content-MD5", "rL0Y20zC+Fzt72VPzMSk2A==", "N7UdGUp1E+RbVvZSTy1R8g==",
                                                 False),
    ("Content-Range", "a", "b", False), ("Content-Security-Policy", "default-src 'self'", "default-src 'none'", None),
    ("Content-Type", "text/plain", "text/plain;charset=utf-8", None), ("Clear-Site-Data", "cache", "cookies", None),
    ("Expires", "Fri, 01 Jan 2038 01:01:01 GMT", "Mon, 11 Jan 2038 11:11:11 GMT", None),
        ("Public-Key-Pins", "a", "b", None),
    ("Set-Cookie2", "a=b", "a=c", None), ("X-Frame-Options", "deny", "sameorigin", None),
        ("X-XSS-Protection", "1", "1; mode=block", None))

NOT_KEPT = ("Keep-Alive", "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization", "Proxy-Connection",
            "TE", "Upgrade")


def fields():
    must("fields that Connection names", give(*FRESH, "Connection: a, b", "a: 1", "b: 2", "c: 3",
                                              quiet=("connection", "a", "b")),
         get(HIT, shows=("c: 3",), hides=("a", "b")))
    for name, first, second, renewed in KEPT:
        control = () if name == "Cache-Control" else ("Cache-Control: max-age=3600",)
        must(f"{name} is kept", give("Date: {now}", f"{name}: {second}", *control),
             get(HIT, shows=(f"{name}: {second}",)))
        control = () if name == "Cache-Control" else ("Cache-Control: max-age=3",)
        after = first if renewed is False else second

        def answer(value):
            return ("Date: {now}", f"{name}: {value}", *control, f'ETag: "{name}"')

        add("must" if renewed else "may",
            f"{name} of a 304 {'stays the old one' if renewed is False else 'is the new one'}",
            give(*answer(first), wait=PAUSE), get(ETAG, gives=answer(second), shows=(f"{name}: {after}",),
                                                  quiet=(name.lower(),)),
            get(HIT, shows=(f"{name}: {after}",)))
    must("ETag is kept", give(*FRESH, 'ETag: "ghijkl"'), get(HIT, shows=('ETag: "ghijkl"',)))
    for name in NOT_KEPT:
        must(f"{name} is not kept", give("Date: {now}", f"{name}: value", "Cache-Control: max-age=3600",
                                         quiet=(name.lower(),)),
             get(HIT, hides=(name,)))
    must("Transfer-Encoding is not kept", give(*FRESH, "Transfer-Encoding: value", quiet=("transfer-encoding",)),
         get(HIT, hides=("Transfer-Encoding",)), declined="an answer in an unknown coding is a 502")
    must("Connection is not kept", give("Date: {now}", "Connection: value", "Cache-Control: max-age=3600",
                                        quiet=("connection",)),
         get(HIT, hides=("Connection",)))
    short = ("Date: {now}", "Cache-Control: max-age=3600", "Content-Length: 10")
    must("Content-Length below what comes", give(*short, body="0123456789abc", reads="0123456789"),
         get(HIT, shows=("Content-Length: 10",), reads="0123456789"))
    must("Content-Length of a 304 is not the body's", give("Date: {now}", "Cache-Control: max-age=3", 'ETag: "a"',
                                                           body="01234", wait=PAUSE),
         get(ETAG, gives=("Date: {now}", "Cache-Control: max-age=3", 'ETag: "a"', "Content-Length: 10"),
             quiet=("content-length",),
             body="01234", shows=("Content-Length: 5",)), get(HIT, body="01234", shows=("Content-Length: 5",)))
    for name in ("is kept", "does not keep an answer from being kept"):
        (must if name == "is kept" else should)(
            f"Set-Cookie {name}", give("Date: {now}", "Set-Cookie: a=c", "Cache-Control: max-age=3600"),
            get(HIT, shows=("Set-Cookie: a=c",)), declined="one client's cookie for all: only with public or s-maxage")
    should("Set-Cookie with public", give(*FRESH, "Cache-Control: public", "Set-Cookie: a=b"),
           get(HIT, shows=("Set-Cookie: a=b",)))
    must("304 without a field leaves the stored one", give("Cache-Control: max-age=2",
                                                           "Last-Modified: Wed, 01 Jan 2020 00:00:00 GMT",
                                                           "Date: {now}", "Test-Header: a", wait=PAUSE),
         get(DATE, gives=("Last-Modified: Wed, 01 Jan 2020 00:00:00 GMT", "Date: {now}"), shows=("Test-Header: a",)))


def heads():
    may("HEAD for what is stale goes on", give(*SHORT, wait=PAUSE), get(ANY, method="HEAD", told=("method HEAD",)))
    may("HEAD renews freshness", give(*SHORT, wait=PAUSE), get(ANY, method="HEAD",
                                                               gives=("Cache-Control: max-age=1000",)), get(HIT))
    may("HEAD renews fields", give(*SHORT, wait=PAUSE),
        get(ANY, method="HEAD", gives=("Template-A: 2", "Cache-Control: max-age=1000")),
        get(HIT, shows=("Template-A: 2",)))
    may("HEAD is answered from what is stored", give(*FRESH, "A: 1"), get(HIT, method="HEAD", shows=("A: 1",)))


def changes():
    for method in ("POST", "PUT", "DELETE", "M-SEARCH"):
        must(f"{method} forgets its URI", give(*FRESH), get(ANY, method=method, sends="abc"), get(FETCHED))
        should(f"{method} that failed forgets nothing", give(*FRESH), get(ANY, method=method, sends="abc", status=500),
               get(HIT))
        for field in ("Location", "Content-Location"):
            may(f"{method} forgets its {field}", give(*FRESH, path="/other"),
                get(ANY, method=method, sends="abc", gives=(f"{field}: {{self}}/other",)), get(FETCHED, path="/other"))
    for method in ("GET", "HEAD", "OPTIONS"):
        must(f"{method} forgets nothing", give(*FRESH), get(ANY, "Cache-Control: no-store", method=method, query="x"),
             get(HIT))


def parts():
    whole = ("Cache-Control: max-age=3600",)
    for asked, text in (("0-1", "01"), ("1-", "1234567890"), ("-1", "0")):
        should(f"bytes={asked} of what is stored", give(*whole, body="01234567890"),
               get(HIT, f"Range: bytes={asked}", comes=206, reads=text))
    must("the fields of the stored one with a part of it", give(*whole, "A: 1", body="01234567890"),
         get(HIT, "Range: bytes=0-1", gives=("A: 2",), comes=206, reads="01", shows=("A: 1",)))
    must("Range without bytes in it", give(*whole, body="01234567890"),
         get(HIT, "Range: bytes=20-30", comes=416, reads=None))
    part = Step(sends_fields=("Range: bytes=-5",), status=206, gives=(*whole, "Content-Range: bytes 5-9/10"),
                body="56789",
                told=("Range: bytes=-5",))
    for asked, text in (("-5", "56789"), ("6-8", "678"), ("6-", "6789"), ("-1", "9")):
        should(f"bytes={asked} of a part that went by", part, get(HIT, f"Range: bytes={asked}", comes=206, reads=text),
               declined="parts are not kept")
    should("a part is completed", Step(sends_fields=("Range: bytes=-5",), status=206, body="01234",
                                       gives=(*whole, "Content-Range: bytes 0-4/10")),
           get(ANY, told=("Range: bytes=5-",), comes=None), declined="parts are not kept")
    must("a part does not stand for the whole", part, get(FETCHED))


def authorised():
    secret = "Authorization: FOO"
    month = f"Expires: {{now+{30 * DAY}}}"
    must("Authorization", Step(sends_fields=(secret,), told=(secret,), gives=(month, "Date: {now}")), get(FETCHED))
    for words in ("max-age=3600, public", "max-age=3600, must-revalidate", "s-maxage=3600"):
        should(f"Authorization, {words}", Step(sends_fields=(secret,), told=(secret,),
                                               gives=(f"Cache-Control: {words}", "Date: {now}")),
               get(HIT))


def others():
    must("Age is made", give(*FRESH, wait=PAUSE), get(HIT, shows=("Age > 2",)))
    must("Age goes on, Expires", give(f"Expires: {{now+{30 * DAY}}}", "Date: {now}", "Age: 30", wait=PAUSE),
         get(HIT, shows=("Age > 32",)))
    must("Age goes on, max-age", give(*FRESH, "Age: 30", wait=PAUSE), get(HIT, shows=("Age > 32",)))
    must("Date stays", give(*FRESH, wait=PAUSE), get(HIT, shows=("Date: {now}",)))
    must("Date stays, Expires", give(f"Expires: {{now+{30 * DAY}}}", "Date: {now}", wait=PAUSE),
         get(HIT, shows=("Date: {now}",)))
    may("Expires stays", give("Expires: {now+1000}", "Date: {now}", wait=PAUSE),
        get(HIT, shows=("Expires: {now+1000}",)))
    must("another query", give(*FRESH, query="test=1"), get(FETCHED, query="test=2"))
    should("the same query", give(*FRESH, query="test=1"), get(HIT, query="test=1"))
    attached = "Content-Disposition: attachment; filename=example.txt"
    again("may", "an attachment, freshness guessed", HIT, "Last-Modified: {now-100000}", "Date: {now}", attached,
          guesses=True)
    again("may", "an attachment", HIT, *FRESH, attached)
    should("a request with Cookie", give(*FRESH), get(HIT, "Cookie: a=b"))


def targeted():
    again("should", "CDN-Cache-Control: max-age", HIT, "CDN-Cache-Control: max-age=3600")
    for seconds in ("2147483648", "99999999999"):
        again("should", f"CDN-Cache-Control: max-age={seconds}", HIT, f"CDN-Cache-Control: max-age={seconds}")
    again("must", "CDN-Cache-Control: max-age below Age", FETCHED, "Date: {now}", "CDN-Cache-Control: max-age=3600",
          "Age: 7200")
    for text in ("max-age =100", "max-age= 100"):
        again("may", f"CDN-Cache-Control: {text}, which is none", FETCHED, "Cache-Control: max-age=1",
              f"CDN-Cache-Control: {text}", wait=PAUSE)
    again("must", "CDN-Cache-Control: max-age=0", FETCHED, "CDN-Cache-Control: max-age=0")
    again("should", "CDN-Cache-Control with an unknown directive", HIT, "CDN-Cache-Control: foobar, max-age=3600")
    again("may", "CDN-Cache-Control: MaX-aGe is no key", FETCHED, "CDN-Cache-Control: MaX-aGe=3600")
    again("should", "CDN-Cache-Control before a past Expires", HIT, "CDN-Cache-Control: max-age=3600",
          "Expires: {now-10000}", "Date: {now}")
    again("should", "CDN-Cache-Control before Expires that is none", HIT, "CDN-Cache-Control: max-age=3600",
          "Expires: 0", "Date: {now}")
    again("must", "CDN-Cache-Control: max-age=0 before Expires", FETCHED, "CDN-Cache-Control: max-age=0",
          "Expires: {now+10000}", "Date: {now}")
    again("should", "long CDN-Cache-Control, short Cache-Control", HIT, "Cache-Control: max-age=1",
          "CDN-Cache-Control: max-age=3600", wait=PAUSE)
    again("must", "short CDN-Cache-Control, long Cache-Control", FETCHED, "Cache-Control: max-age=3600",
          "CDN-Cache-Control: max-age=1", wait=PAUSE)
    fresh = ("Cache-Control: max-age=10000", "Expires: {now+10000}", "Date: {now}")
    for word in ("private", "no-cache", "no-store"):
        again("must", f"CDN-Cache-Control: {word} before fresh others", FETCHED, f"CDN-Cache-Control: {word}", *fresh)
    again("must", "CDN-Cache-Control: max-age before no-store", HIT, "Cache-Control: no-store",
          "CDN-Cache-Control: max-age=10000")
    for text in ("max-age=10000, &&&&&", 'max-age="10000"'):
        again("must", f"CDN-Cache-Control: {text}, which is none", FETCHED, f"CDN-Cache-Control: {text}",
              "Cache-Control: no-store")
    may("CDN-Cache-Control goes on", give("CDN-Cache-Control: foo", *fresh, shows=("CDN-Cache-Control: foo",)))
    both = ("Cache-Control: max-age=1", "CDN-Cache-Control: max-age=10000", "Date: {now}", "Expires: {now+1}")
    may("CDN-Cache-Control leaves Age, Date and Expires", give(*both, wait=PAUSE),
        get(HIT, shows=("Age > 2", "Date: {now}", "Expires: {now+1}")))


def interims():
    hints = (103, "link: </styles.css>; rel=preload; as=style", "x-my-header: test")
    for interim in ((102,), hints):
        should(f"{interim[0]} goes by, the last answer is kept",
               give(*FRESH, interims=(interim,), hides=("x-my-header",)),
               get(HIT, hides=("x-my-header",)))
    must("an interim answer is not kept", give(*FRESH, interims=(hints[:2],)), get(HIT, hides=("link",)))


for topic in (freshness, directives, ages, expiry, permissions, staleness, statuses, requests, variants, conditions,
              fields, heads,
              changes, parts, authorised, others, targeted, interims):
    topic()
