"""A small explicit-state model checker: all interleavings of a few threads, with x86's store buffers (TSO).

A thread is a list of steps, plain functions. A step takes the thread's view of the machine, is executed at
once, and goes on to the step that follows it, to the step it returns, or nowhere when it returns END. Stores
wait in the buffer of their thread, first in, first out, and reach memory at any later moment; a thread sees
its own at once. A plain store may overtake earlier stores to other words, as on AArch64; every other store is a release.
"""

END = "end"


class Blocked(Exception):
    """The step cannot be taken now."""


class Violation(Exception):
    """Something happened that must not."""


class View:
    """What one thread can do. `my` holds its local variables."""

    def __init__(self, memory, buffers, number, my):
        self._memory = memory
        self._buffers = buffers
        self._number = number
        self.my = my

    def load(self, word):
        for stored, value, _ in reversed(self._buffers[self._number]):
            if stored == word:
                return value
        return self._memory[word]

    def store(self, word, value):
        self._buffers[self._number].append((word, value, False))

    def store_plain(self, word, value):
        self._buffers[self._number].append((word, value, True))

    def fence(self):
        self._drain(self._number)

    def membarrier(self):
        """Every thread of the process executes a full fence."""
        for number in range(len(self._buffers)):
            self._drain(number)

    def exchange(self, word, expected, value):
        """Compare-and-set; a full fence like every atomic update on x86."""
        self.fence()
        if self._memory[word] != expected:
            return False
        self._memory[word] = value
        return True

    def add(self, word, delta):
        """Atomic; the value after."""
        self.fence()
        self._memory[word] += delta
        return self._memory[word]

    def lock(self, word):
        self.wait_until(self.exchange(word, 0, 1))

    def unlock(self, word):
        self.store(word, 0)

    def wait_until(self, condition):
        if not condition:
            raise Blocked

    def require(self, condition, message):
        if not condition:
            raise Violation(message)

    def _drain(self, number):
        for word, value, _ in self._buffers[number]:
            self._memory[word] = value
        self._buffers[number].clear()


class Scenario:
    """Threads over a memory. `at_end` gets memory and local variables and returns what is wrong, or None."""

    def __init__(self, name, memory, threads, at_end=None, must_fail=False):
        self.name = name
        self.memory = memory
        self.threads = threads
        self.at_end = at_end
        self.must_fail = must_fail

    def explore(self):
        """Visits every reachable state: (what went wrong or None, how many states, the steps to there)."""
        words = sorted(self.memory)
        idle = tuple(() for _ in self.threads)
        first = (tuple(self.memory[word] for word in words), idle, tuple(0 for _ in self.threads), idle)
        came_from = {first: None}
        stack = [first]
        while stack:
            state = stack.pop()
            successors = []
            for number in range(len(self.threads)):
                try:
                    successors += self._moves(words, state, number)
                except Violation as violation:
                    step = f"thread {number}: {self.threads[number][state[2][number]].__name__}"
                    return str(violation), len(came_from), self._path(came_from, state) + [step]
            for label, successor in successors:
                if successor not in came_from:
                    came_from[successor] = (state, label)
                    stack.append(successor)
            if not successors:
                wrong = self._judge_end(words, state)
                if wrong:
                    return wrong, len(came_from), self._path(came_from, state)
        return None, len(came_from), []

    def _moves(self, words, state, number):
        values, buffers, places, variables = state
        moves = []
        for index, (word, value, plain) in enumerate(buffers[number]):
            if index > 0 and (not plain or any(word == earlier for earlier, _, _ in buffers[number][:index])):
                continue
            memory = tuple(value if name == word else old for name, old in zip(words, values))
            drained = _replaced(buffers, number, buffers[number][:index] + buffers[number][index + 1:])
            label = f"thread {number}: {word}={value} reaches memory"
            moves.append((label, (memory, drained, places, variables)))
        if places[number] != END:
            steps = self.threads[number]
            step = steps[places[number]]
            memory = dict(zip(words, values))
            view = View(memory, [list(buffer) for buffer in buffers], number, dict(variables[number]))
            try:
                to = step(view)
            except Blocked:
                return moves
            place = _place(steps, places[number], to)
            moves.append((f"thread {number}: {step.__name__}", (
                tuple(view._memory[word] for word in words),
                tuple(tuple(buffer) for buffer in view._buffers),
                _replaced(places, number, place),
                _replaced(variables, number, tuple(sorted(view.my.items()))))))
        return moves

    def _judge_end(self, words, state):
        values, _, places, variables = state
        if any(place != END for place in places):
            return "deadlock"
        return self.at_end and self.at_end(dict(zip(words, values)), [dict(my) for my in variables])

    @staticmethod
    def _path(came_from, state):
        labels = []
        while came_from[state]:
            state, label = came_from[state]
            labels.append(label)
        return labels[::-1]


def _replaced(items, index, item):
    return items[:index] + (item,) + items[index + 1:]


def _place(steps, current, to):
    if to is None:
        to = steps[current + 1] if current + 1 < len(steps) else END
    return END if to == END else steps.index(to)
