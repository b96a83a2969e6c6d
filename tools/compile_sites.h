/* What each place in the compiled code remembers of its last look-up, as the interpreter does for each of its own.
 *
 * mypyc gives what is no class of its own (structs, decimals, enums) to the interpreter's general functions, which search
 * the type's bases for a name every time. tools/compile_engine.py includes this file in the C that mypyc has written, behind
 * the runtime's own; from there on each place that reads a field, calls a method or reads a name of its module first looks
 * whether what it found last time still holds:
 *
 *   a type's version    a number no other type ever has; any change of the type or of its bases takes it away
 *                       (CPython, Objects/typeobject.c; the interpreter's LOAD_ATTR_SLOT relies on the same)
 *   a dict's version    a number no other dict and no other state of it ever has (PEP 509; gone in CPython 3.14)
 *
 * so values that are kept are borrowed: what holds them is unchanged. Names are held: most are constants, but that of
 * getattr(owner, name) is any. Elsewhere than in GNU C with CPython 3.11 to 3.13 and its global lock, where this was tried,
 * nothing is remembered and all is looked up.
 */

#if defined(__GNUC__) && !defined(Py_GIL_DISABLED) && PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030E0000

#include <structmember.h>

#define LIU_NO_VERSION (~0u) /* types are numbered from 1 on, and not that far */

/* ------------------------------------------------------------------ a field in a slot, of a struct for instance */

typedef struct {
    unsigned int version;
    PyObject *name;
    Py_ssize_t offset;
} LiuField;

__attribute__((noinline)) static PyObject *LiuField_Learn(PyObject *owner, PyObject *name, LiuField *field)
{
    PyTypeObject *type = Py_TYPE(owner);
    PyObject *found = type->tp_getattro == PyObject_GenericGetAttr ? _PyType_Lookup(type, name) : NULL;
    if (found != NULL && Py_IS_TYPE(found, &PyMemberDescr_Type) && PyType_IsSubtype(type, PyDescr_TYPE(found))) {
        PyMemberDef *member = ((PyMemberDescrObject *)found)->d_member;
        if (member->type == T_OBJECT_EX && !(member->flags & READ_RESTRICTED) && type->tp_version_tag != 0) {
            field->version = type->tp_version_tag;
            Py_XSETREF(field->name, Py_NewRef(name));
            field->offset = member->offset;
        }
    }
    return PyObject_GetAttr(owner, name);
}

static inline PyObject *LiuField_Get(PyObject *owner, PyObject *name, LiuField *field)
{
    if (likely(Py_TYPE(owner)->tp_version_tag == field->version && name == field->name)) {
        PyObject *value = *(PyObject **)((char *)owner + field->offset);
        if (likely(value != NULL)) { /* else it was never set, or was deleted: the general way has the error */
            return Py_NewRef(value);
        }
    }
    return LiuField_Learn(owner, name, field);
}

#define PyObject_GetAttr(owner, name) \
    (__extension__({ static LiuField field_ = {LIU_NO_VERSION, NULL, 0}; LiuField_Get((owner), (name), &field_); }))

/* ------------------------------------------------------- a method of objects that cannot have attributes of their own */

typedef struct {
    unsigned int version;
    PyObject *name;
    PyObject *function;
} LiuMethod;

__attribute__((noinline)) static PyObject *LiuMethod_Learn(PyObject *name, PyObject *const *args, size_t nargsf,
                                                           PyObject *kwnames, LiuMethod *method)
{
    PyTypeObject *type = Py_TYPE(args[0]);
    int has_dict = type->tp_dictoffset != 0 || PyType_HasFeature(type, 1ul << 4); /* Py_TPFLAGS_MANAGED_DICT */
    if (type->tp_getattro == PyObject_GenericGetAttr && !has_dict) {
        PyObject *found = _PyType_Lookup(type, name);
        int is_method = found != NULL && PyType_HasFeature(Py_TYPE(found), Py_TPFLAGS_METHOD_DESCRIPTOR);
        if (is_method && type->tp_version_tag != 0) {
            method->version = type->tp_version_tag;
            Py_XSETREF(method->name, Py_NewRef(name));
            method->function = found;
        }
    }
    return PyObject_VectorcallMethod(name, args, nargsf, kwnames);
}

static inline PyObject *LiuMethod_Call(PyObject *name, PyObject *const *args, size_t nargsf, PyObject *kwnames,
                                       LiuMethod *method)
{
    if (likely(Py_TYPE(args[0])->tp_version_tag == method->version && name == method->name)) {
        PyObject *function = Py_NewRef(method->function); /* what it does may take it from its type */
        PyObject *result = PyObject_Vectorcall(function, args, PyVectorcall_NARGS(nargsf), kwnames);
        Py_DECREF(function);
        return result;
    }
    return LiuMethod_Learn(name, args, nargsf, kwnames, method);
}

#define PyObject_VectorcallMethod(name, args, nargsf, kwnames)       \
    (__extension__({                                                 \
        static LiuMethod method_ = {LIU_NO_VERSION, NULL, NULL};     \
        LiuMethod_Call((name), (args), (nargsf), (kwnames), &method_); \
    }))

/* ------------------------------------------------------------------------------------------- a name of the module */

typedef struct {
    uint64_t version;
    PyObject *value;
} LiuGlobal;

static inline uint64_t LiuGlobal_Version(PyObject *globals)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    return ((PyDictObject *)globals)->ma_version_tag;
#pragma GCC diagnostic pop
}

static inline PyObject *LiuGlobal_Get(PyObject *globals, PyObject *name, LiuGlobal *global)
{
    if (likely(global->value != NULL && LiuGlobal_Version(globals) == global->version)) {
        return Py_NewRef(global->value);
    }
    PyObject *value = CPyDict_GetItem(globals, name);
    global->value = value;
    global->version = LiuGlobal_Version(globals);
    return value;
}

#define LIU_GLOBAL(globals, name) \
    (__extension__({ static LiuGlobal global_ = {0, NULL}; LiuGlobal_Get((globals), (name), &global_); }))

#else
#define LIU_GLOBAL(globals, name) CPyDict_GetItem((globals), (name))
#endif
