// Package convert writes policies as TOML that a person would have written, and
// turns the scripts of logrotate's configurations that make a service reopen
// its logs into targets.
//
// What it does not understand completely it leaves as it is: a script stays
// word for word unless every command in it is known.
package convert
