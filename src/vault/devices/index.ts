export { registerDevices } from './devices.ts'
export { registerKnownDevice } from './known-device.ts'
export { registerPushTokenRemoval, registerPushTokens } from './push-tokens.ts'
export { registerWebPush } from './web-push.ts'
