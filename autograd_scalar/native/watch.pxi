# The watch of a recording and the probes through which recordings run most often: compiler/capture/probes/watch.py in C,
# where each class is explained. A part of core.pyx.

cdef extern from *:
    """
    #if defined(_MSC_VER)
    static __declspec(thread) PyObject *active_watch = NULL;
    #else
    static __thread PyObject *active_watch = NULL;
    #endif
    """
    PyObject* active_watch  # owned; NULL where nothing observes the thread

cdef extern from "Python.h":
    ctypedef struct PyCodeObject:
        pass
    ctypedef struct PyFrameObject:
        pass
    ctypedef int (*Py_tracefunc)(PyObject* watch, PyFrameObject* frame, int event, PyObject* arg) except -1
    int PyTrace_CALL, PyTrace_RETURN, PyTrace_C_CALL
    void PyEval_SetProfile(Py_tracefunc function, PyObject* watch)
    PyFrameObject* PyEval_GetFrame()
    PyObject* PyEval_GetGlobals()
    PyCodeObject* PyFrame_GetCode(PyFrameObject* frame)  # a new reference, as the next
    PyFrameObject* PyFrame_GetBack(PyFrameObject* frame)


def active():
    """Return the watch of the recording that observes this thread now, or None."""
    return None if active_watch == NULL else <object>active_watch


def activate(watch):
    """Let a recording observe this thread, or none."""
    global active_watch
    cdef PyObject* before = active_watch
    active_watch = NULL if watch is None else <PyObject*>watch
    if active_watch != NULL:
        INCREF(active_watch)
    if before != NULL:
        DECREF(before)


@cython.final
cdef class Watch:
    """The state of one recording: objects, names and code that are known, and need not be reported again."""

    cdef dict instrumented
    cdef public object observer, code_observer, accessed, caller, arguments
    cdef readonly dict reached, hidden, known_code, passed_over
    cdef readonly set seen, harmless
    cdef object awaited
    cdef object plain_code  # the last code that was found to have no probes
    cdef bint awaits_c

    def __init__(self, dict instrumented):
        self.instrumented = instrumented
        self.reached, self.hidden, self.known_code, self.passed_over = {}, {}, {}, {}
        self.seen, self.harmless = set(), set()
        self.arguments = ()

    def enable(self):
        """Set the profile function."""
        PyEval_SetProfile(profile, <PyObject*>self)

    def close(self):
        """Let go of the observers and of frames, which lead back to the watch."""
        self.observer = self.code_observer = self.caller = self.awaited = None

    def pause(self, frame, bint is_in_c):
        """Observe nothing until a frame returns, or the function written in C that it calls."""
        self.awaited, self.awaits_c = frame, is_in_c
        activate(None)

    cdef bint runs_instrumented(self, PyFrameObject* frame) except -1:
        cdef PyObject* code
        if frame == NULL:
            return False
        code = code_of(frame)
        if code == <PyObject*>self.plain_code:
            return False
        if PyLong_FromVoidPtr(code) in self.instrumented:
            return True
        self.plain_code = <object>code
        return False

    cdef bint is_called_by_instrumented(self, PyFrameObject* frame) except -1:
        cdef PyFrameObject* caller = PyFrame_GetBack(frame)
        try:
            return self.runs_instrumented(caller)
        finally:
            if caller != NULL:
                DECREF(<PyObject*>caller)


def identity_of(function):
    """Return a key of a function written in C; of a method, for all objects of the type."""
    owner = function.__self__
    if owner is None or isinstance(owner, (type, ModuleType)):
        return function
    return type(owner), function.__name__


cdef PyObject* code_of(PyFrameObject* frame) noexcept:
    cdef PyObject* code = <PyObject*>PyFrame_GetCode(frame)
    DECREF(code)  # the frame keeps it
    return code


cdef int profile(PyObject* watch, PyFrameObject* frame, int event, PyObject* arg) except -1:
    """Report which code runs. No watch is active while an observer works, or code runs unobserved."""
    cdef Watch w = <Watch>watch
    try:
        if event == PyTrace_CALL:
            if active_watch == watch:
                code = PyLong_FromVoidPtr(code_of(frame))
                if code not in w.passed_over and (code not in w.known_code or w.is_called_by_instrumented(frame)):
                    w.code_observer.entered(<object><PyObject*>frame)
        elif event == PyTrace_C_CALL:
            if (
                active_watch == watch and w.runs_instrumented(frame) and identity_of(<object>arg) not in w.harmless
            ):
                w.code_observer.called(<object><PyObject*>frame, <object>arg)
        elif <PyObject*>w.awaited == <PyObject*>frame and (event != PyTrace_RETURN) == w.awaits_c:
            w.awaited = None
            activate(w)
    except BaseException:
        PyEval_SetProfile(NULL, NULL)  # as sys.setprofile does
        raise
    return 0


cdef class Probe:
    """An operand that reports: `probe >> x` is x. This one reports objects that are about to be used."""

    cdef readonly object name

    def __init__(self, name=""):
        self.name = name

    def __rshift__(self, operand):
        if active_watch != NULL and is_among(operand, (<Watch>active_watch).hidden):
            self.report_to_observer(operand)
        return operand

    def tell(self, frame, operand):
        """Report to the observer, whose own code is not observed."""
        global active_watch
        cdef PyObject* watch = active_watch
        if watch == NULL:
            return
        active_watch = NULL
        try:
            self.report((<Watch>watch).observer, frame, operand)
        finally:
            activate(None)
            active_watch = watch

    cdef report_to_observer(self, operand):
        self.tell(<object><PyObject*>PyEval_GetFrame(), operand)

    def report(self, observer, frame, operand):
        """Report to the observer what a frame is about to use."""
        observer.used(operand)


cdef inline bint is_among(obj, dict ids) except -1:
    return len(ids) and PyLong_FromVoidPtr(<void*>obj) in ids


@cython.final
cdef class NameProbe(Probe):
    """Reports a global or builtin. Its operand is None."""

    def __rshift__(self, operand):
        if active_watch == NULL:
            return
        key = PyLong_FromVoidPtr(PyEval_GetGlobals()), (<NameProbe>self).name
        if key not in (<Watch>active_watch).seen:
            (<NameProbe>self).report_to_observer(operand)

    def report(self, observer, frame, operand):
        """Report to the observer what a frame is about to use."""
        observer.name_read(frame, self.name)


@cython.final
cdef class AttributeProbe(Probe):
    """Reports an attribute: each time, or once for each object; of Values only where `of_values`."""

    cdef bint each_time, of_values

    def __init__(self, name, bint each_time, bint of_values):
        self.name, self.each_time, self.of_values = name, each_time, of_values

    def __rshift__(self, operand):
        cdef Watch watch
        if active_watch == NULL or (type(operand) is Value and not self.of_values):
            return operand
        watch = <Watch>active_watch
        if not self.each_time:
            owner = PyLong_FromVoidPtr(<void*>operand)
            if owner not in watch.reached:
                owner = type(operand)
            if (owner, self.name) in watch.seen:
                return operand
        self.report_to_observer(operand)
        return operand

    def report(self, observer, frame, operand):
        """Report to the observer what a frame is about to use."""
        observer.attribute_read(operand, self.name)


@cython.final
cdef class ElementsProbe(Probe):
    """Reports a sequence, of which the elements are about to be unpacked, and these."""

    def __rshift__(self, operand):
        if active_watch != NULL and len((<Watch>active_watch).hidden):
            self.report_to_observer(operand)
        return operand

    def report(self, observer, frame, operand):
        """Report to the observer what a frame is about to use."""
        observer.used(operand)
        if type(operand) is tuple or type(operand) is list:
            for element in operand:
                observer.used(element)


@cython.final
cdef class CallProbe(Probe):
    """Takes a tuple of arguments and what is called; returns the arguments reversed, for UNPACK_SEQUENCE."""

    cdef tuple kinds
    cdef dict functions

    def __init__(self, kinds, functions):
        self.name, self.kinds = "", kinds
        self.functions = {id(function): function for function in functions}

    def __rshift__(self, operand):
        cdef tuple arguments = (<tuple>operand)[0]
        cdef Watch watch
        if active_watch != NULL:
            watch = <Watch>active_watch
            watch.caller, watch.arguments = <object><PyObject*>PyEval_GetFrame(), arguments
            if len(watch.hidden) or watch.accessed is not None or self.is_reported((<tuple>operand)[1], arguments):
                self.report_to_observer(operand)
        return arguments[::-1]

    cdef bint is_reported(self, callee, tuple arguments) except -1:
        if self.is_notable(callee):
            return True
        for argument in arguments:
            if self.is_notable(argument):
                return True
        return False

    cdef bint is_notable(self, obj) except -1:
        kind = type(obj)
        if kind is BuiltinFunctionType or kind is FunctionType:
            return is_among(obj, self.functions)
        for each in self.kinds:
            if kind is each:
                return True
        return False

    def report(self, observer, frame, operand):
        """Report to the observer what a frame is about to use."""
        observer.passed(operand[1])
