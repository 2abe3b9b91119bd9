export { parseDuration } from './duration.ts'
export type {
  ConfigArray,
  ConfigBoolean,
  ConfigDate,
  ConfigEntry,
  ConfigFloat,
  ConfigInteger,
  ConfigMap,
  ConfigString,
  ConfigValue,
} from './nodes.ts'
export { type ParseOptions, parseConfigFile, parseConfigText } from './parser.ts'
export { formatPosition, type Position } from './position.ts'
export {
  booleanIn,
  type Fields,
  goType,
  InvalidValue,
  integerIn,
  mapIn,
  Problems,
  readMap,
  stringIn,
  stringsIn,
} from './reader.ts'
export { type Environment, readTextFile } from './reading.ts'
