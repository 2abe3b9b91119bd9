export { type OperatorMode, type OperatorTools, openOperatorMode } from './operator-mode.ts'
export { type Trust, trustOf } from './trust.ts'
