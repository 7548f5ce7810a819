// What is done with a message; the way on which it came is not its business. True when nothing more comes.
export function handle({ type, data }) {
  if (type === "progress_update") console.log(`Progress: ${data.progress_percent}% - ${data.message}`);
  if (type === "generation_complete") console.log(`Content ID: ${data.content_id}`);
  if (type === "error") console.log(`${data.error_code}: ${data.message}`);
  return type === "generation_complete" || (type === "error" && data.details.terminal);
}
