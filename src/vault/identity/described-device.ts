import { parseDeviceType } from '#auth'
import { badRequest } from '../errors.ts'
import type { DescribedDevice } from '../sessions/index.ts'
import type { Form } from './form.ts'

/** The column of Vaultwarden's schema holds 40 characters; clients send a UUID. */
const MAX_ID_LENGTH = 40
const MAX_NAME_LENGTH = 255

/** What a login says of the device it comes from. */
export function describeDevice(form: Form): DescribedDevice {
  const id = form.require('deviceIdentifier')
  if (id.length > MAX_ID_LENGTH) {
    throw badRequest(`deviceIdentifier is longer than ${MAX_ID_LENGTH} characters`, 'deviceIdentifier')
  }
  // What no URL can name could not be logged out by another device: clients resolve these, however they are escaped.
  if (id === '.' || id === '..') throw badRequest('deviceIdentifier is no identifier', 'deviceIdentifier')
  const name = form.require('deviceName').slice(0, MAX_NAME_LENGTH)
  return { id, name, type: parseDeviceType(form.require('deviceType')) }
}
