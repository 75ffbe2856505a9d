import json
import unittest

import json_text

VALUES: tuple[dict[str, object], ...] = (
    {},
    {"text": 'é "\n\U0001f600', "list": [1, 2.5, -3, None, True, False], "more": {"deep": []}},
)


class Text(unittest.TestCase):
    def test_it_is_what_everybody_else_reads_and_writes(self) -> None:
        for value in VALUES:
            with self.subTest(value):
                self.assertEqual(json.loads(json_text.dumps(value)), value)
                self.assertEqual(json_text.loads(json.dumps(value).encode()), value)

    def test_a_value_that_has_no_such_text_is_refused(self) -> None:
        with self.assertRaisesRegex(TypeError, "no JSON for"):
            json_text.dumps({"a": object()})
