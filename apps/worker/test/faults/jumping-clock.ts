// Loaded into a process first (`node --import`): its wall clock jumps at each SIGUSR2, each time by the next number of
// milliseconds in CLOCK_JUMPS. Timers and `performance.now()` do not jump, as when a real clock is set.
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
