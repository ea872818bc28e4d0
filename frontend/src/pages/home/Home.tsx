// The project's home: what runs, what waits for the user, and how it all hangs together.
import { useResource, type Schema } from "../../api/client";
import { Broken, Loading } from "../../parts/messages";

export default function Home() {
  const project = useResource<Schema<"ProjectRow">>("project", {}, ["project"]);
  if (project.problem) return <Broken sentence={project.problem.message} />;
  if (!project.data) return <Loading what="Reading the project" />;
  return <h1>{project.data.name}</h1>;
}
