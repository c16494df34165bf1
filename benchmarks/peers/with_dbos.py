"""Ten tasks in DBOS on SQLite: a workflow of ten steps, each of which keeps an answer. Run by `benchmarks.peers`.

This is the least that DBOS can do: nobody is waited for, no form is checked, and each step is one durable commit. (A
person who answers would be a message sent, received and kept: three.) Prints the seconds.
"""

import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dbos import DBOS

ANSWERS = {"score": 4, "comment": "It went as we had agreed."}


@DBOS.step()
def answer(process: str, task: int) -> dict[str, object]:
    """What a person answered to a task."""
    return {"process": process, "task": task, "answers": ANSWERS}


@DBOS.workflow()
def ten_tasks(process: str) -> int:
    """A process of ten tasks, one after the other."""
    for task in range(1, 11):
        answer(process, task)
    return 10


def main(folder: str, processes: int, writers: int) -> None:
    """Run the processes with so many threads, once to warm up and once measured."""
    logging.disable(logging.CRITICAL)
    database = f"sqlite:///{Path(folder) / 'dbos.sqlite'}"
    DBOS(config={"name": "bench", "system_database_url": database, "run_admin_server": False})
    DBOS.launch()
    with ThreadPoolExecutor(writers) as threads:
        list(threads.map(ten_tasks, [f"warm-{number}" for number in range(max(1, processes // 4))]))
        began = time.perf_counter()
        list(threads.map(ten_tasks, [f"p{number}" for number in range(processes)]))
        print(time.perf_counter() - began)
    DBOS.destroy()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
