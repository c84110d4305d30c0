package plan

type Code uint8
