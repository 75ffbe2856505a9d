import importlib.util
import os
import site
import subprocess
import sys
import unittest

import startup

SCRIPT = "/workspace/main.py"
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def run(program: str, without: str = "") -> str:
    command = [sys.executable, "-B", "-c", program]
    return subprocess.run(
        command, env={**ENV, "AGENT_WITHOUT": without}, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


class Questions(unittest.TestCase):
    def test_a_module_for_customization_is_looked_for(self) -> None:
        self.assertEqual(startup.has_customization(), importlib.util.find_spec("usercustomize") is not None)

    def test_one_call_is_skipped_and_then_all_is_as_it_was(self) -> None:
        was = (site.ENABLE_USER_SITE, site.execusercustomize)
        self.addCleanup(lambda: setattr(site, "ENABLE_USER_SITE", was[0]))
        site.ENABLE_USER_SITE = True
        startup.skip_customization()
        self.assertIsNot(site.execusercustomize, was[1])
        site.execusercustomize()
        self.assertIs(site.execusercustomize, was[1])

    def test_a_script_is_taken_for_an_archive_only_where_a_file_has_the_mark_of_one(self) -> None:
        self.addCleanup(sys.path_importer_cache.pop, SCRIPT, None)
        startup.expect_no_archive(SCRIPT)
        startup.look_again_where_marked(SCRIPT, b"print(1)")
        self.assertIsNone(sys.path_importer_cache[SCRIPT])
        startup.look_again_where_marked(SCRIPT, b"...PK\x05\x06...")
        self.assertNotIn(SCRIPT, sys.path_importer_cache)


class Switches(unittest.TestCase):
    def test_a_trick_is_on_unless_it_is_named(self) -> None:
        ask = "import switches; print([switches.is_on(name) for name in ('freeze', 'pages', 'json')], switches.ENV)"
        self.assertEqual(run(ask), "[True, True, True] {}\n")
        self.assertEqual(run(ask, "freeze,json"), "[False, True, False] {'AGENT_WITHOUT': 'freeze,json'}\n")


class Freezing(unittest.TestCase):
    ASK = """import freeze, gc
kept = gc.get_freeze_count() > 1000
freeze.undo_where_mentioned(b"print(1)")
still = gc.get_freeze_count() > 1000
freeze.undo_where_mentioned(b"import weakref")
print(kept, still, gc.get_freeze_count())"""

    def test_what_is_there_is_set_apart_until_a_program_could_notice(self) -> None:
        self.assertEqual(run(self.ASK), "True True 0\n")

    def test_nothing_is_set_apart_without_the_trick(self) -> None:
        self.assertEqual(run(self.ASK, "freeze"), "False False 0\n")
