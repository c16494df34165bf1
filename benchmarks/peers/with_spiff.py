"""Ten user tasks in SpiffWorkflow, its state saved to SQLite after each. Run by `benchmarks.peers`.

SpiffWorkflow has no store of its own: the whole workflow is serialized by its own serializer and written with full
sync, so that an answered task is on disk. No form is checked. It is measured in two ways: `saved`, the workflow being
kept in memory from task to task, as if nobody but this program ever changed it; and `read`, each task beginning with
the workflow as it is stored, as it has to where an answer comes with a request of its own. Prints the seconds.
"""

import sqlite3
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import pairwise
from pathlib import Path

from lxml import etree
from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer

ANSWERS = {"score": 4, "comment": "It went as we had agreed."}
MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"


def bpmn() -> bytes:
    """A process of ten user tasks, one after the other."""
    names = ["start", *(f"task_{number}" for number in range(1, 11)), "end"]
    nodes = '<startEvent id="start"/><endEvent id="end"/>' + "".join(
        f'<userTask id="task_{number}" name="Task {number}"/>' for number in range(1, 11)
    )
    flows = "".join(
        f'<sequenceFlow id="flow_{one}" sourceRef="{one}" targetRef="{two}"/>' for one, two in pairwise(names)
    )
    process = f'<process id="ten" isExecutable="true">{nodes}{flows}</process>'
    return f'<definitions xmlns="{MODEL}">{process}</definitions>'.encode()


class Runner:
    """Runs processes of one specification over one file."""

    def __init__(self, path: Path, *, read: bool) -> None:
        self.read = read
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.parse(BytesIO(bpmn())))
        self.spec = parser.get_spec("ten")
        self.path = path
        self.mine = threading.local()
        with self.connection() as store:
            store.execute("PRAGMA journal_mode=WAL")
            store.execute("CREATE TABLE IF NOT EXISTS workflow (id TEXT PRIMARY KEY, state TEXT NOT NULL)")

    def connection(self) -> sqlite3.Connection:
        """A connection whose commits are on disk."""
        connection = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def run(self, process: str) -> None:
        """Start a process and answer its tasks, saving after each."""
        if not hasattr(self.mine, "store"):
            self.mine.store = self.connection()
            self.mine.serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())
        store, serializer = self.mine.store, self.mine.serializer
        workflow = BpmnWorkflow(self.spec)
        workflow.do_engine_steps()
        save(store, serializer, process, workflow)
        for _ in range(10):
            if self.read:
                workflow = stored(store, serializer, process)
            (task,) = workflow.get_tasks(state=TaskState.READY, manual=True)
            task.set_data(**{task.task_spec.name: ANSWERS})
            task.run()
            workflow.do_engine_steps()
            save(store, serializer, process, workflow)
        assert workflow.completed


def save(store: sqlite3.Connection, serializer: BpmnWorkflowSerializer, process: str, workflow: BpmnWorkflow) -> None:
    """The whole workflow, as it is now, in one commit."""
    store.execute("INSERT OR REPLACE INTO workflow VALUES (?,?)", (process, serializer.serialize_json(workflow)))


def stored(store: sqlite3.Connection, serializer: BpmnWorkflowSerializer, process: str) -> BpmnWorkflow:
    """The whole workflow, as it was saved last."""
    (state,) = store.execute("SELECT state FROM workflow WHERE id=?", (process,)).fetchone()
    return serializer.deserialize_json(state)


def main(folder: str, processes: int, writers: int, how: str) -> None:
    """Run the processes with so many threads, once to warm up and once measured."""
    runner = Runner(Path(folder) / "spiff.sqlite", read=how == "read")
    with ThreadPoolExecutor(writers) as threads:
        list(threads.map(runner.run, [f"warm-{number}" for number in range(processes)]))
        began = time.perf_counter()
        list(threads.map(runner.run, [f"p{number}" for number in range(processes)]))
        print(time.perf_counter() - began)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
