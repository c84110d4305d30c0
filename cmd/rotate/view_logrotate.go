package main

// logrotateVoice tells a run in the words of logrotate.
type logrotateVoice struct{ *voice }

func newLogrotateVoice(v *voice) *logrotateVoice { return &logrotateVoice{v} }
