import { InvalidValue } from '../language/index.ts'
import { text } from '../types/text.ts'

/** https://semver.org, of which only the three numbers count. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[\da-z-]+(?:\.[\da-z-]+)*)?(?:\+[\da-z-]+(?:\.[\da-z-]+)*)?$/i

/** Servers before 2.8 do not say which version they are. */
const OLDEST_MINOR = 8

/** `min_version` of those who come in: `MAJOR.MINOR.PATCH`. */
export const minVersion = text('`"MAJOR.MINOR.PATCH"`, from 2.8.0 on', (version) => {
  const [, major, minor, patch] = SEMVER.exec(version) ?? []
  if (major === undefined) throw new InvalidValue("invalid leafnode's minimum version: invalid semver")
  const isKnown = Number(major) > 2 || (Number(major) === 2 && Number(minor) >= OLDEST_MINOR)
  if (!isKnown) throw new InvalidValue('the minimum version should be at least 2.8.0')
  return `${major}.${minor}.${patch}`
})
