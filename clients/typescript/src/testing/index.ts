export { FakeServer, type FakeUser, type Triggered } from "./server.js";
