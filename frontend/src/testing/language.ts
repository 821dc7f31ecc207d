// Runs before each file of tests: sentences are those of the English catalogue.
import "../ui/language";
