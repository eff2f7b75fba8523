/* Runs a command and writes what it cost: "STATUS CPU_S WALL_S PEAK_RSS_KIB" to the file named
 * first.
 *
 *     measure FILE COMMAND…
 *
 * It exists because the kernel counts what a process was before exec: started from Python,
 * everything would seem to need Python's 25 MB at least.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double monotonic_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    double began = monotonic_s();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    int status;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) < 0)
        return 2;

    FILE *out = fopen(argv[1], "w");
    if (!out)
        return 2;
    double cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    fprintf(out, "%d %.6f %.6f %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128, cpu_s,
            monotonic_s() - began, usage.ru_maxrss);
    return fclose(out) == 0 ? 0 : 2;
}
