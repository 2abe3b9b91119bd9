import { goType, InvalidValue, type Position } from '../language/index.ts'
import { mustBe, type SettingType } from './setting-type.ts'

export type Headers = readonly (readonly [name: string, value: string])[]

/** Headers of a response; which of them may not be set is checked at the start. */
export const headers: SettingType<Headers> = {
  description: 'map of names and texts',

  fromText(text, source) {
    throw new InvalidValue(mustBe(source, 'a map in the config file', text))
  },

  fromConfig(value, { problems }) {
    if (value.kind !== 'map') throw new InvalidValue(`error parsing headers: unsupported type ${goType(value)}`)
    const headers: [string, string][] = []
    for (const { key, keyPosition, value: content } of value.entries.values()) {
      if (content.kind === 'string') headers.push(checked(key, content.value, keyPosition))
      else problems.errorAt(keyPosition, `error parsing header key ${key}: unsupported type ${goType(content)}`)
    }
    return headers
  },

  fromProgram(value, source) {
    if (!Array.isArray(value)) throw new InvalidValue(mustBe(source, 'an array of [name, value]', value))
    return value.map(([name, content]) => checked(String(name), String(content)))
  },
}

/** nats-server writes them into the response as they are, line breaks included. (RFC 9110 §5.1, §5.5) */
function checked(name: string, value: string, position?: Position): [string, string] {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
    throw new InvalidValue(`error parsing header key ${JSON.stringify(name)}: this is no name of a header`, position)
  }
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    throw new InvalidValue(
      `error parsing header key ${name}: its value has characters that no header can have`,
      position,
    )
  }
  return [name, value]
}
