// Loaded into a process before all else (`node --import`): its wall clock jumps at every SIGUSR2, each time by the next of
// the milliseconds in CLOCK_JUMPS. Timers and `performance.now()` go on as they do when somebody sets a real clock.
const RealDate = Date
const jumps = (process.env['CLOCK_JUMPS'] ?? '').split(',').map(Number)
let offsetMs = 0

process.on('SIGUSR2', () => {
  offsetMs += jumps.shift() ?? 0
})

const now = (): number => RealDate.now() + offsetMs

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
})
