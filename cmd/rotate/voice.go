package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"rotate/rotate"
	"rotate/rotate/policy"
	"rotate/signaler"
)

// voice is how the program speaks. Every line that a user reads goes through
// it: plans, reports and explanations are laid out in the view_*.go files,
// remedies are in hints.go, and errors say themselves what failed.
//
//   - Results go to standard output, everything else to standard error.
//   - "rotate: error:", "rotate: warning:" and "rotate: hint:", then lower
//     case and no full stop.
//   - One failure is one line, and at most one line more: what to do about it.
//     The same hint is given once.
//   - Quiet when all is well.
//   - A name that a terminal would not show as it is, is quoted.
//   - Colour only for a terminal and without NO_COLOR; no meaning is in the
//     colour alone. Arrows and dashes are ASCII where the locale is.
type voice struct {
	out *bufio.Writer // results
	err io.Writer     // everything else
	style
	errStyle style
	hinted   map[string]bool

	loud, full bool // whether a run is told, and all of it
	bare       bool // without the name of the program, and without hints
}

func newVoice(out, err *os.File) *voice {
	return &voice{
		out:      bufio.NewWriterSize(out, 1<<16),
		err:      err,
		style:    styleOf(out),
		errStyle: styleOf(err),
		hinted:   map[string]bool{},
	}
}

// say prints a line of the result.
func (v *voice) say(format string, args ...any) {
	fmt.Fprintf(v.out, format+"\n", args...) // flush tells whether it was written
}

// flush writes out what was said. A reader that went away has all it wanted.
func (v *voice) flush() error {
	if err := v.out.Flush(); err != nil && !errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// fail says that err happened, and what to do about it. Joined errors are
// said one by one.
func (v *voice) fail(err error) {
	for _, err := range apart(err) {
		v.failWith(err.Error(), hint(err))
	}
}

func (v *voice) failWith(text, hint string) {
	v.note(red, "error:", text)
	v.hint(hint)
}

// warn says what is odd and stops nothing.
func (v *voice) warn(err error) {
	for _, err := range apart(err) {
		v.note(yellow, "warning:", err.Error())
		v.hint(hint(err))
	}
}

func (v *voice) hint(text string) {
	if text == "" || v.hinted[text] || v.bare {
		return
	}
	v.hinted[text] = true
	v.note(cyan, "hint:", text)
}

// note prints a line to standard error, after the results that came before.
func (v *voice) note(code, label, text string) {
	_ = v.flush() // told at the end of the program
	program := "rotate: "
	if v.bare {
		program = ""
	}
	fmt.Fprintf(v.err, "%s%s %s\n", program, v.errStyle.paint(code, label), oneLine(text))
}

// apart returns the errors that were joined into err.
func apart(err error) []error {
	if err == nil {
		return nil
	}
	list, ok := err.(interface{ Unwrap() []error })
	if !ok || err.Error() != lines(list.Unwrap()) {
		return []error{err} // one error, even if it has several causes
	}
	var errs []error
	for _, err := range list.Unwrap() {
		errs = append(errs, apart(err)...)
	}
	return errs
}

func lines(errs []error) string {
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "\n")
}

// hint is what to do about err, as it says itself or as its cause suggests.
func hint(err error) string {
	if e, ok := errors.AsType[*policy.Error](err); ok && e.Hint != "" {
		return e.Hint
	}
	if e, ok := errors.AsType[*signaler.Error](err); ok && e.Hint != "" {
		return e.Hint
	}
	if e, ok := errors.AsType[*reachError](err); ok {
		return e.hint
	}
	if _, ok := errors.AsType[*rotate.UnservedError](err); ok {
		return "have it reopen its log or end, or move the archive away; or give the log a policy again"
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return "see rotate --help"
	}
	for _, h := range hints {
		if errors.Is(err, h.cause) {
			return h.text
		}
	}
	return ""
}
