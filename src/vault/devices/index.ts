export { registerDevices } from './devices.ts'
export { registerKnownDevice } from './known-device.ts'
