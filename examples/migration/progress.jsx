// What is done with a message, and how it looks; the way on which it came is not their business.
export function progress(shown, { type, data }) {
  if (type === "progress_update") return { ...shown, percent: data.progress_percent, message: data.message };
  if (type === "generation_complete") return { ...shown, contentId: data.content_id };
  if (type === "error") return { ...shown, error: data.message };
  return shown;
}

export function Progress({ percent, message, contentId, error }) {
  return (
    <div>
      <p>Progress: {percent}%</p>
      <p>Message: {message}</p>
      {contentId && <p>Content ID: {contentId}</p>}
      {error && <p role="alert">{error}</p>}
    </div>
  );
}
