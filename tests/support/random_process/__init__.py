"""Random lives of random templates, for tests of what must hold of every process whoever does what.

- `author` writes templates that lint finds nothing wrong with, over the `forms`, and `later` versions of them;
- `process` tries commands on the pure core, `acting` is what people do, `life` what must hold after each act;
- `stored` lives the same life on a real engine beside it;
- `reached` says whether random templates still have what they are there for.
"""
