"""`slope ask-tell` that was ended, killed or brought down by a plugin, and goes on with its folder: what was
answered is answered again with the same bits, and nothing is trained twice."""
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from ask_tell_pipe import BLOBS, QUESTIONS, TIMES, Pipe, RecordCase, bits, study
from crash_plugin import build_wild
from run_files import read_csv, without_times
from slope_cli import PROGRAM, main


class Replay(RecordCase):
    # ---- going on ----------------------------------------------------------------------------------

    def test_going_on(self):
        pipe = self.pipe()
        first = pipe.ask(QUESTIONS)
        pipe.end()
        pipe = self.resume()
        self.assertEqual(pipe.greeting["results"], "out")
        before = (self.folder / "out/metrics.csv").read_bytes()
        again = [pipe.ask(question) for question in reversed(QUESTIONS)][::-1]
        self.assertEqual([bits(a) for a in again], [bits(a) for a in first])
        self.assertEqual([a["trial"] for a in again], list(range(5)))
        self.assertEqual((self.folder / "out/metrics.csv").read_bytes(), before)
        self.assertEqual(pipe.ask({"train.seed": 9, "optimizer.nesterov": "x"})["status"], "error")
        self.assertEqual(pipe.ask({"train.seed": 9})["trial"], 5)
        self.assertEqual(pipe.end(), 0)
        rows = self.trials()
        self.assertEqual((len(rows), rows[5]["train.seed"]), (6, "9"))
        manifest = (self.folder / "out/manifest.yaml").read_text()
        self.assertIn("resumes: 1\n", manifest)
        self.assertIn("name: cosine\n", manifest)  # which this process has never seen

    def test_killed(self):
        """At random moments, and gone on with until all is asked: the same answers, the same files."""
        questions = study(120, epochs=30)
        pipe = self.pipe("a.yaml", "--output", "whole")
        answers = [bits(pipe.ask(question)) for question in questions]
        self.assertEqual(pipe.end(), 0)
        chance, known, arguments = random.Random(4), 0, ("a.yaml", "--output", "out")
        for kill in range(20):
            # Some die while they begin, the others under a question that is new to them.
            limit = 0 if kill % 5 == 0 else min(known + chance.randrange(15), len(questions) - 1)
            done = self.ask_and_kill(arguments, questions[:limit + 1], answers, chance.uniform(0, 0.02))
            if (self.folder / "out/trials.csv").exists():
                rows = (self.folder / "out/trials.csv").read_bytes().count(b"\n") - 1  # whole ones
                self.assertGreaterEqual(rows, done, "an answer that was given is on record")
                self.assertGreaterEqual(rows, known, "nothing is lost")
                known = rows
                self.slope("show", "out")
            if (self.folder / "out/manifest.yaml").exists():
                arguments = ("--resume", "out")
        self.assertGreater(known, 20)
        pipe = Pipe(self, *arguments)
        self.assertEqual([bits(pipe.ask(question)) for question in questions], answers)
        self.assertEqual(pipe.end(), 0)
        for name in ("trials.csv", "metrics.csv"):
            self.assertEqual(without_times(self.folder / "out" / name),
                             without_times(self.folder / "whole" / name), name)

    def ask_and_kill(self, arguments, questions, answers, seconds):
        """All questions but the last are answered, then it is killed so long after the last was sent.
        How many were answered."""
        process = subprocess.Popen([PROGRAM, "ask-tell", *arguments], cwd=self.folder, text=True, bufsize=1,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for count, question in enumerate(questions):
            process.stdin.write(json.dumps(question) + "\n")
            if count + 1 == len(questions):
                break
            if not count:
                process.stdout.readline()  # the greeting
            self.assertEqual(bits(json.loads(process.stdout.readline())), answers[count])
        time.sleep(seconds)
        process.kill()
        process.wait()
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        return len(questions) - 1

    def test_going_on_elsewhere(self):
        """Data sets by name beside the file, files of the file and of a question: found again from
        another folder."""
        rows = "\n".join(f"{i % 7},{i % 3},{'ab'[i % 2]}" for i in range(40))
        for name in ("one", "two", "three"):
            self.write(f"sub/{name}.csv", "x,y,kind\n" + rows + "\n")
        self.write("sub/datasets/mine.yaml", "{name: csv, file: ../two.csv, label_column: kind}\n")
        self.write("sub/a.yaml", "dataset: {name: csv, file: one.csv, label_column: kind}\n"
                   "train: {epochs: 1}\n")
        questions = [{}, {"dataset": "mine"}, {"dataset.file": "sub/three.csv"},
                     {"dataset": {"name": "csv", "file": "sub/two.csv", "label_column": "kind"},
                      "train.seed": 5}]
        pipe = Pipe(self, "sub/a.yaml", "--output", "out")
        first = pipe.ask(questions)
        self.assertEqual({a["status"] for a in first}, {"finished"}, first)
        pipe.end()
        (self.folder / "elsewhere").mkdir()
        for trial in range(4):
            one = subprocess.run([PROGRAM, "show", "../out", "--trial", str(trial)], text=True,
                                 cwd=self.folder / "elsewhere", capture_output=True, check=True).stdout
            self.write("elsewhere/one.yaml", one)
            subprocess.run([PROGRAM, "run", "one.yaml", "--quiet", "--output", f"{trial}"],
                           cwd=self.folder / "elsewhere", check=True)
            (row,) = self.trials(f"elsewhere/{trial}")
            self.assertEqual(row["hash"], first[trial]["hash"])
        case_folder, self.folder = self.folder, self.folder / "elsewhere"
        pipe = Pipe(self, "--resume", "../out")
        self.folder = case_folder
        self.assertEqual([pipe.ask(q)["trial"] for q in questions[:2]], [0, 1])
        self.assertEqual(pipe.ask({"dataset": "mine", "train.seed": 1})["status"], "finished")

    def test_torn_rows(self):
        pipe = self.pipe()
        first = pipe.ask(QUESTIONS[:3])
        pipe.process.kill()
        pipe.process.wait()
        whole = self.trials()
        trials, metrics = self.folder / "out/trials.csv", self.folder / "out/metrics.csv"
        trials.write_bytes(trials.read_bytes()[:-30])
        metrics.write_bytes(metrics.read_bytes() + b"2,99,1")
        pipe = self.resume()
        self.assertEqual([bits(a) for a in pipe.ask(QUESTIONS[:3])], [bits(a) for a in first])
        pipe.end()
        times = TIMES | {"load_seconds"}
        self.assertEqual([{k: v for k, v in row.items() if k not in times} for row in self.trials()],
                         [{k: v for k, v in row.items() if k not in times} for row in whole])
        self.assertEqual(len(read_csv(metrics)), 3 + 3 + 4)

    def test_signals(self):
        for number, status, words in ((signal.SIGINT, 130, "interrupted"),
                                      (signal.SIGTERM, 75, "asked to stop")):
            folder = f"out{status}"
            pipe = self.pipe("a.yaml", "--output", folder)
            pipe.ask({})
            time.sleep(0.05)
            pipe.process.send_signal(number)
            self.assertEqual(pipe.process.wait(10), status)
            self.assertIn(f"{words}; go on with: slope ask-tell --resume {folder}",
                          pipe.process.stderr.read())
            self.assertIn("status: interrupted", (self.folder / folder / "manifest.yaml").read_text())
            self.assertFalse((self.folder / folder / ".lock").exists())
        pipe = self.pipe()
        busy = pipe.processor_seconds() + 0.3
        pipe.send([{"train.epochs": 10**9}, {}])
        while pipe.processor_seconds() < busy:
            time.sleep(0.02)
        pipe.process.send_signal(signal.SIGTERM)
        self.assertEqual([a["status"] for a in pipe.receive()], ["interrupted", "finished"])
        self.assertEqual(pipe.process.wait(10), 75)
        self.assertEqual([row["status"] for row in self.trials()], ["finished"])

    # ---- pauses ------------------------------------------------------------------------------------

    def halving(self, pipe, questions):
        """All to epoch 1, the better half to epoch 3, the better half of that to its end. What was told
        on the way."""
        told, rung = [], [(q, None) for q in questions]
        for until in (1, 3, None):
            answers = []
            for question, number in rung:
                more = {} if until is None else {"until_epoch": until}
                answers.append(pipe.ask({**question, **more} if number is None
                                        else {"resume": number, **more}))
            told += answers
            order = sorted(range(len(rung)), key=lambda i: (-(answers[i]["value"] or 0), i))
            if until is not None:
                told += [pipe.ask({"prune": answers[i]["trial"]}) for i in order[len(order) // 2:]]
                rung = [(None, answers[i]["trial"]) for i in order[:len(order) // 2]]
        return told

    def test_pauses_are_replayed(self):
        questions = study(8, seed=3, epochs=6)
        pipe = self.pipe()
        told = self.halving(pipe, questions)
        pipe.process.kill()
        pipe.process.wait()
        rows, metrics = (without_times(self.folder / "out" / name) for name in ("trials.csv", "metrics.csv"))
        self.assertEqual([row["status"] for row in rows].count("pruned"), 6)
        before = (self.folder / "out/pauses.csv").read_bytes()
        pipe = self.resume()
        again = self.halving(pipe, questions)
        self.assertEqual([bits(a) for a in again], [bits(a) for a in told])
        self.assertEqual([a["trial"] for a in again], [a["trial"] for a in told])
        self.assertEqual(sorted((self.folder / "out/pauses.csv").read_bytes().split(b"\n")),
                         sorted(before.split(b"\n")), "nothing was trained again")
        self.assertEqual(pipe.end(), 0)
        self.assertEqual(sorted(map(str, without_times(self.folder / "out/trials.csv"))),
                         sorted(map(str, rows)))
        self.assertEqual(sorted(map(str, without_times(self.folder / "out/metrics.csv"))),
                         sorted(map(str, metrics)))

    def test_replay_that_turns_off(self):
        """Where the asker goes other ways than on record, the trial is trained again, to the same bits."""
        question = {"train.epochs": 6}
        pipe = self.pipe("a.yaml", "--output", "straight")
        pipe.ask({**question, "until_epoch": 1})
        pipe.ask({"resume": 0, "until_epoch": 2})
        straight = [bits(pipe.ask({"resume": 0, "until_epoch": 4})), bits(pipe.ask({"resume": 0}))]
        pipe = self.pipe()
        first = pipe.ask({**question, "until_epoch": 1})
        second = pipe.ask({"resume": 0, "until_epoch": 2})
        pruned = pipe.ask({"prune": 0})
        pipe.end()
        pipe = self.resume()
        again = pipe.ask({**question, "until_epoch": 1})
        self.assertEqual((again["status"], bits(again)), ("paused", bits(first)))
        for wrong in ({"until_epoch": 1}, {"until_step": 3}):
            self.assertIn("the trial is at step 6 already", pipe.ask({"resume": 0, **wrong})["message"])
        self.assertEqual(bits(pipe.ask({"resume": 0, "until_epoch": 2})), bits(second))
        self.assertEqual(bits(pipe.ask({"resume": 0, "until_epoch": 4})), straight[0])
        end = pipe.ask({"resume": 0})
        self.assertEqual(bits(end), straight[1])
        self.assertEqual(pipe.ask(question)["trial"], end["trial"])  # asked again: the one that ended
        pipe.end()
        (row,) = self.trials()  # in place of the one that was pruned
        self.assertEqual((row["status"], row["hash"]), ("finished", pruned["hash"]))
        pipe = self.resume()
        self.assertEqual(bits(pipe.ask({**question, "until_epoch": 1})), bits(first))
        cut = pipe.ask({"prune": 0})
        self.assertEqual((cut["status"], cut["steps"]), ("pruned", 6))

    def test_pruned_and_then_asked_in_full(self):
        pipe = self.pipe()
        pipe.ask({"until_epoch": 1})
        pipe.ask({"prune": 0})
        full = pipe.ask({})
        self.assertEqual((full["status"], full["epochs"]), ("finished", 2))
        self.assertEqual(pipe.ask({})["trial"], full["trial"])

    def test_twice_at_once(self):
        """The same trial, waiting twice: each can be gone on with by its own number; one row."""
        pipe = self.pipe()
        one, two = pipe.ask([{"until_epoch": 1}, {"until_epoch": 1}])
        self.assertNotEqual(one["trial"], two["trial"])
        self.assertEqual(bits(one), bits(two))
        ends = [pipe.ask({"resume": a["trial"]}) for a in (one, two)]
        self.assertEqual(bits(ends[0]), bits(ends[1]))
        self.assertEqual(len(self.trials()), 1)
        pipe.end()
        pipe = self.resume()
        one, two = pipe.ask([{"until_epoch": 1}, {"until_epoch": 1}])
        self.assertNotEqual(one["trial"], two["trial"])
        self.assertEqual([bits(pipe.ask({"resume": a["trial"]})) for a in (one, two)],
                         [bits(a) for a in ends])

    # ---- crashes -----------------------------------------------------------------------------------

    def test_crash(self):
        build_wild(self)
        self.write("a.yaml", BLOBS)
        bad = {"optimizer": {"name": "wild", "crash": "null"}, "train.epochs": 2}
        pipe = self.wild("a.yaml", "--output", "out", "--threads", 1)
        good = pipe.ask({})
        pipe.send(bad)
        self.assertIn(-pipe.process.wait(30), (signal.SIGSEGV, signal.SIGABRT))
        pipe = self.wild("--resume", "out")
        for _ in range(2):
            answer = pipe.ask(bad)
            self.assertEqual((answer["status"], answer["value"], answer["trial"]), ("failed", None, 1))
            self.assertRegex(answer["message"],
                             r"the process crashed \(SIG(SEGV|ABRT)\) in optimizer 'wild'")
        self.assertEqual(bits(pipe.ask({})), bits(good))
        self.assertEqual(pipe.ask({**bad, "train.seed": 7, "optimizer": {"name": "wild"}})["status"],
                         "finished")
        self.assertEqual(pipe.end(), 0)
        rows = self.trials()
        self.assertEqual([row["status"] for row in rows], ["finished", "failed", "finished"])
        self.assertIn("in optimizer 'wild'", rows[1]["message"])
        self.assertFalse((self.folder / "out/checkpoint").exists())
        pipe = self.wild("--resume", "out")
        self.assertEqual(pipe.ask(bad)["status"], "failed")

    def test_crash_of_a_batch(self):
        """Those that were at work together are tried alone; then it is clear who it was."""
        build_wild(self)
        self.write("a.yaml", BLOBS)
        batch = [{"optimizer": {"name": "wild", "learning_rate": rate, "crash": way}}
                 for rate in (0.1, 0.2) for way in ("never", "null")]
        arguments, crashes = ("a.yaml", "--output", "out"), 0
        while True:
            pipe = self.wild(*arguments, "--threads", 1)
            pipe.send(batch)
            line = pipe.process.stdout.readline()
            if line:
                break
            pipe.process.wait(30)
            crashes += 1
            self.assertLessEqual(crashes, 4, "tried for ever")
            arguments = ("--resume", "out")
        self.assertEqual(re.findall(r'"status": "(\w+)"', line),
                         ["finished", "failed", "finished", "failed"])
        self.assertEqual(pipe.end(), 0)
        self.assertEqual(len(self.trials()), 4)


if __name__ == "__main__":
    main()
