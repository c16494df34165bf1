"""Forms: what people are asked, as JSON Schema 2020-12 with annotations.

- `schema` reads a form from a file (`read_form`: every problem has its place) or from the store (`form_from_data`);
- `validate` checks answers against a form, and takes personal texts out of them and puts them back;
- inside: `language` (the keywords there are), `refs`, `pattern` and `facts` (parts of it), `model` (a form as values),
  `lint` (what is wrong with one), `checks` and `messages` (what is wrong with an answer, and how it is told).

Nothing here shows a form or stores an answer. It imports jsonschema, so import the module that you need.
"""
