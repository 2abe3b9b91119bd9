export { type OperatorMode, type OperatorTools, openOperatorMode } from './operator-mode.ts'
export { signerOf, type Trust, trustOf } from './trust.ts'
